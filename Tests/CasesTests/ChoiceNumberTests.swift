import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@testable import Cases

@Suite struct `Numbers of choices` {
  private func drawn<T>(_ choices: [UInt64], _ draw: (inout ChoiceSource) -> T) -> T {
    var source = ChoiceSource(replaying: choices)
    return draw(&source)
  }

  @Test func `are fractions of few bits where the choices are small`() {
    let fractions = (0..<8).map { choice in drawn([choice]) { $0.fraction() } }
    #expect(fractions == [0, 0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875])
    #expect(drawn([.max]) { $0.fraction() } == 1 - 0x1p-52)
  }

  @Test(arguments: [0, 1, 61, 62, 63, 112])
  func `are bits, as many as asked for`(bitCount: Int) {
    let all = drawn([.max, .max]) { $0.leadingBits(bitCount) }
    #expect(all == (1 as UInt128) << bitCount - 1)
    let leading = drawn([1]) { $0.leadingBits(bitCount) }
    #expect(leading == (bitCount == 0 ? 0 : (1 as UInt128) << (bitCount - 1)))
  }

  @Test func `are integers near their start where the choices are small, and each of the range`() {
    func integers(_ range: ClosedRange<Int>, _ start: Int) -> [Int] {
      (0..<UInt64(range.count)).map { choice in
        drawn([choice]) { $0.integer(in: range, from: start) }
      }
    }
    #expect(integers(-2...3, 0) == [0, 1, -1, 2, -2, 3])
    #expect(integers(-4...1, 0) == [0, 1, -1, -2, -3, -4])
    #expect(integers(2...5, 0) == [2, 3, 4, 5])
    #expect(integers(-5...(-2), 0) == [-2, -3, -4, -5])
    #expect(integers(7...7, 7) == [7])
  }

  @Test func `are deviates with the moments of the normal distribution`() {
    var choices = TestSeed.choices("stepped normal")
    let count = 100_000
    var (sum, squares, fourths, beyondTwo) = (0.0, 0.0, 0.0, 0)
    for _ in 0..<count {
      let x = choices.steppedNormal()
      sum += x
      squares += x * x
      fourths += x * x * x * x
      if abs(x) > 2 { beyondTwo += 1 }
    }
    let n = Double(count)
    #expect(abs(sum / n) < 5 / n.squareRoot())
    #expect(abs(squares / n - 1) < 5 * (2 / n).squareRoot())
    #expect(abs(fourths / n - 3) < 5 * (96 / n).squareRoot())
    #expect(abs(Double(beyondTwo) / n - 0.0455) < 0.004)
  }

  @Test func `are deviates from 0 upwards as the choices grow`() {
    let deviates = [0, 1 << 40, 1 << 44, .max].map { choice in
      drawn([choice]) { $0.steppedNormal() }
    }
    #expect(deviates[0] == 0 && deviates == deviates.sorted())
    #expect((deviates.last ?? 0) > 7)
  }

  @Test(
    arguments: FloatFormat.catalogue + ["e15m112", "e2m1"].compactMap(FloatFormat.init(named:)))
  func `are neighbours that stay finite, and as many steps off as asked for`(format: FloatFormat) {
    let shape = CaseShape(function: .softmax, format: format, classCount: 1)
    let draft = CaseDraft(shape, ChoiceSource(replaying: []))
    var choices = TestSeed.choices("neighbours \(format)")
    var values = (0..<200).map { _ in choices.finiteValue(of: format) }
    values += [.zero, .zero(isNegative: true), format.leastSubnormal, format.greatestFinite]
    values += values.map(\.negated)
    for value in values {
      var (above, below) = (value, value)
      for steps in 1...5 {
        above = [format.nextUp(above), above].first(where: \.isFinite) ?? above
        below = [format.nextDown(below), below].first(where: \.isFinite) ?? below
        let number = draft.encoding(value)
        #expect(format.decode(draft.neighbour(of: number, steps: steps)) == above, "\(value)")
        #expect(format.decode(draft.neighbour(of: number, steps: -steps)) == below, "\(value)")
      }
      #expect(format.decode(draft.neighbour(of: draft.encoding(value), steps: 0)) == value)
    }
  }
}
