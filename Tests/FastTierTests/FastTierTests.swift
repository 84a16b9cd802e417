import Cases
import FloatFormats
import LossFunctions
import Reference
import TestSupport
import Testing

@Suite struct `The fast tier` {
  static let functions = LossFunction.allCases.filter(\.isBinary).flatMap { function in
    (function.hasTarget ? [0, 1] : [nil]).compactMap { OneLogitFunction(function, label: $0) }
  }

  private static func fill(
    _ function: OneLogitFunction, _ logits: [Float], in format: FloatFormat
  ) throws -> (values: [Float], undecidedCount: Int) {
    var values = [Float](repeating: 0, count: logits.count)
    let targets = function.label.map { [Int32](repeating: Int32($0), count: logits.count) } ?? []
    let count = try logits.withUnsafeBufferPointer { logits in
      try values.withUnsafeMutableBufferPointer {
        try Reference().fill(
          $0, function.function, logits: logits, classCount: 1, targets: targets, in: format)
      }
    }
    return (values, count)
  }

  /// The values of the reference that the tier does not give.
  private func differences(
    _ function: OneLogitFunction, _ logits: [Float], in format: FloatFormat
  ) throws -> [Float] {
    let tier = FastTier(function)
    let fast = try Self.fill(function, logits, in: format).values
    return try zip(logits, fast).compactMap { logit, value in
      let exact = try tier.exact(logit, in: format).value
      return exact == FloatValue(value) ? nil : logit
    }
  }

  /// All of them with `LOSS_ORACLE_CASES=65536`, and in every certificate of a sweep.
  @Test(arguments: functions, [FloatFormat.float16, .bfloat16])
  func `gives the reference's bits for logits of 16 bits`(
    function: OneLogitFunction, format: FloatFormat
  ) throws {
    let step = max(1, (1 << 16) / TestSeed.count(1 << 12))
    let logits = stride(from: Int(TestSeed.current) % step, to: 1 << 16, by: step).map {
      Float(format.decode(UInt128($0)).double)
    }
    #expect(try differences(function, logits, in: format) == [])
  }

  @Test(arguments: functions)
  func `gives the reference's bits for float32`(function: OneLogitFunction) throws {
    var choices = TestSeed.choices("fast tier, spread")
    var logits: [Float] = []
    for _ in 0..<TestSeed.count(4_000) {
      let word = choices.bits()
      logits.append(Float(bitPattern: UInt32(truncatingIfNeeded: word)))
      // Where the values are neither 0 nor their heads.
      let fraction = Float(word >> 40) * 0x1p-24
      logits.append((fraction - 0.5) * 220)
    }
    for edge in [0, 1, 13.862944, 16.635532, 17.328680, 87.33655, 88.72284, 103.27893, 126]
      as [Float]
    {
      var (low, high) = (edge, edge)
      for _ in 0..<32 {
        logits += [low, high, -low, -high]
        (low, high) = (low.nextDown, high.nextUp)
      }
    }
    logits += [.infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
    #expect(try differences(function, logits, in: .float32) == [])
  }

  @Test(arguments: functions)
  func `gives the reference's bits beside midpoints of float32`(function: OneLogitFunction) throws {
    // The nearest misses of a million logits go to MPFR, those beside them are decided here.
    var choices = TestSeed.choices("fast tier, midpoints")
    let logits = (0..<TestSeed.count(1 << 18)).map { _ in
      (Float(choices.bits() >> 40) * 0x1p-24 - 0.5) * 40
    }
    var approximations = [Double](repeating: 0, count: logits.count)
    logits.withUnsafeBufferPointer { logits in
      approximations.withUnsafeMutableBufferPointer {
        FastTier(function).approximate(logits, into: $0)
      }
    }
    let near = zip(logits, approximations).filter { _, value in
      let rest = value.significandBitPattern & (1 << 29 - 1)
      return (rest > 1 << 28 - 1 << 17) && rest < 1 << 28 + 1 << 17
    }.map(\.0)
    #expect(near.count > 50)
    #expect(try differences(function, near, in: .float32) == [])
  }

  @Test(arguments: functions)
  func `leaves fewer than one in a million to MPFR`(function: OneLogitFunction) throws {
    var choices = TestSeed.choices("fast tier, share")
    let logits = (0..<TestSeed.count(1 << 19)).map { _ in
      (Float(choices.bits() >> 40) * 0x1p-24 - 0.5) * 40
    }
    let count = try Self.fill(function, logits, in: .float32).undecidedCount
    #expect(Double(count) < Double(logits.count) / 1e6 + 3)
  }
}
