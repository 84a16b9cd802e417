import FloatFormats
import LossFunctions
import Reference
import Testing

@Suite struct `Decimal digits` {
  /// log 2 to 100 digits (OEIS A002162).
  private let logarithmOfTwo =
    "0.6931471805599453094172321214581765680755001343602552541206800094933936219696947156058633269964186875"

  @Test func `of log 2 are the known ones, and a thousand are as easy`() throws {
    let hundred = try digits(.softplus, [0], count: 100)
    #expect(hundred == logarithmOfTwo)
    let thousand = try digits(.softplus, [0], count: 1000)
    #expect(thousand.hasPrefix(logarithmOfTwo.dropLast()) && thousand.count == 1002)
    #expect(thousand.hasSuffix("44535348"), "\(thousand.suffix(10))")
  }

  @Test func `of a rational value are its decimal expansion`() throws {
    #expect(try digits(.softmax, [1, 1, 1], count: 5) == "0.33333")
    #expect(try digits(.sigmoid, [0], count: 3) == "0.500")
  }

  @Test func `of a decimal midpoint go to the even digit`() throws {
    // 1/40 = 0.025 and 3/40 would be 0.075: no enclosure decides the last digit.
    let row = [Double](repeating: 0, count: 40)
    #expect(try digits(.softmax, row, count: 1) == "0.02")
    let gradient = try Reference().exact(
      .crossEntropyGradient, LossInput(logits: row.map { FloatValue($0) }, target: .index(0))
    ).decimalDigits(2)
    #expect(gradient[0] == "-0.98" && gradient[1] == "0.025")
  }

  @Test func `of a decimal midpoint plus a tiny tail go by the tail`() throws {
    // 2500 + e^(−2500), to one digit, is nearer to 3000.
    #expect(try digits(.softplus, [2500], count: 1) == "3000")
    #expect(try digits(.softplus, [3500], count: 1) == "4000")
    #expect(try digits(.logSigmoid, [-2500], count: 1) == "-3000")
  }

  @Test func `of limits and zeros are words`() throws {
    #expect(try digits(.softplus, [.infinity], count: 4) == "inf")
    #expect(try digits(.logSigmoid, [-.infinity], count: 4) == "-inf")
    #expect(try digits(.softplus, [.nan], count: 4) == "nan")
    #expect(try digits(.softplus, [-.infinity], count: 4) == "0")
  }

  @Test func `reach far below every format, but not below MPFR's range`() throws {
    #expect(try digits(.sigmoid, [-1e15], count: 3).hasSuffix("e-434294481903252"))
    #expect(throws: ReferenceError.belowExponentRange) { try digits(.sigmoid, [-1e300], count: 3) }
  }

  private func digits(_ function: LossFunction, _ logits: [Double], count: Int) throws -> String {
    let input = LossInput(logits: logits.map { FloatValue($0) })
    return try Reference().exact(function, input).decimalDigits(count)[0]
  }
}
