import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@Suite struct `Divergences by double-double arithmetic` {
  private static let functions: [LossFunction] = [
    .klDivergence, .klDivergenceGradient, .jsDivergence, .jsDivergenceGradient,
  ]

  /// How the second row comes from the first.
  enum Relation: CaseIterable {
    /// By a number added, but for roundings.
    case shifted
    /// By an ulp here and there.
    case neighbouring
    /// In another order, far apart.
    case opposed
    /// A class leads the one, and another the other.
    case led
  }

  private static func row(
    _ relation: Relation, in format: FloatFormat, _ index: Int, _ choices: inout ChoiceSource
  ) -> LossInput {
    let scale = relation == .led ? 1 : [1, 20, 0x1p-9, 6][index % 4]
    let count = 6
    func rounded(_ value: Double) -> FloatValue { format.rounded(FloatValue(value), .nearestEven) }
    func number() -> Double { (2 * choices.unitInterval() - 1) * scale }
    var x = (0..<count).map { _ in number() }
    var y = x
    switch relation {
    case .shifted:
      let shift = number()
      y = x.map { rounded($0).double + shift }
    case .neighbouring:
      y = x.enumerated().map { place, logit in
        place.isMultiple(of: 2) ? logit : format.nextUp(rounded(logit)).double
      }
    case .opposed: y = x.map { -3 * $0 }
    case .led:
      x[index % count] += 60
      y[(index + 1) % count] += 50
    }
    return LossInput(logits: x.map(rounded), target: .logits(y.map(rounded)))
  }

  @Test(arguments: functions, Relation.allCases)
  func `of rows that are nearly equal or nearly disjoint need no MPFR`(
    _ function: LossFunction, _ relation: Relation
  ) throws {
    for format in [FloatFormat.float16, .bfloat16, .float32, .float64] {
      var choices = TestSeed.choices("divergences \(function) \(relation) \(format)")
      let inputs = (0..<TestSeed.count(24)).map { Self.row(relation, in: format, $0, &choices) }
      let rows = inputs.batches(in: format)[0].rows
      let fast = try Reference().evaluate(function, rows, in: format)
      let exact = try Reference(usesFastTier: false).evaluate(function, rows, in: format)
      #expect(fast.slowRowCount <= rows.count / 12, "\(format): \(fast.slowRowCount)")
      for place in 0..<rows.count * fast.outputsPerRow {
        let (a, b) = (fast[place], exact[place])
        let row = rows[place / fast.outputsPerRow]
        #expect(
          a.value == b.value && a.ulpExponent == b.ulpExponent,
          "\(format) \(row.logits.map(\.hexadecimal)) \(row.target), output \(place)")
      }
    }
  }

  /// A format of logits and values, and numbers of its least ones that it holds.
  struct Subnormals {
    let format: FloatFormat
    var output: FloatFormat?
    let limits: [Int]

    static let all = [
      Subnormals(format: .float64, limits: [3, 9, 1 << 20, 1 << 48]),
      Subnormals(format: .float32, limits: [3, 9, 1 << 12, 1 << 20]),
      Subnormals(format: .bfloat16, limits: [3, 9, 14, 15]),
      Subnormals(format: .float32, output: .float64, limits: [1, 2, 3, 1 << 12]),
    ]
  }

  /// Gradients whose first order is a multiple of a power of two below the least number are often ties.
  @Test(
    arguments: [LossFunction.entropyGradient, .klDivergenceGradient, .jsDivergenceGradient],
    [RoundingDirection.nearestEven, .towardZero, .up, .down])
  func `of subnormal rows whose first order is a tie are on the side of the second`(
    _ function: LossFunction, _ direction: RoundingDirection
  ) throws {
    for subnormals in Subnormals.all {
      let (format, output) = (subnormals.format, subnormals.output ?? subnormals.format)
      var choices = TestSeed.choices("flat rows \(function) \(format)")
      // In units that leave ties in one of eight.
      let least = format.leastSubnormal.double
      let unit = function == .jsDivergenceGradient ? 8 * least : least
      func row(within limit: Int) -> [FloatValue] {
        (0..<4).map { _ in FloatValue(Double(choices.integer(in: -limit...limit)) * unit) }
      }
      let inputs = (0..<TestSeed.count(format == .float64 ? 48 : 16)).map { index in
        let limit = subnormals.limits[index % 4]
        return LossInput(
          logits: row(within: limit),
          target: function.hasTarget ? .logits(row(within: limit)) : .none)
      }
      let rows = inputs.batches(in: format)[0].rows
      let (fast, exact) = try valuesOfBoth(function, rows, in: output, rounding: direction)
      if output == format {
        #expect(fast.slowRowCount <= rows.count / 6, "\(format): \(fast.slowRowCount)")
        #expect(exact.residuals.contains { abs(abs($0) - 0.5) < 0x1p-20 }, "\(format)")
      }
    }
  }

  @Test(arguments: functions, [FloatFormat.float16, .bfloat16, .float32, .float64])
  func `of the greatest numbers of a format are those of MPFR`(
    _ function: LossFunction, _ format: FloatFormat
  ) throws {
    let most = format.greatestFinite
    let numbers = [most, most.negated, .zero, .one]
    let rows = numbers.flatMap { first in
      numbers.map { second in
        LossInput(
          logits: [most, most.negated, first], target: .logits([most, most.negated, second]))
      }
    }
    let batch = rows.batches(in: format)[0].rows
    let fast = try Reference().evaluate(function, batch, in: format)
    let exact = try Reference(usesFastTier: false).evaluate(function, batch, in: format)
    #expect(fast.undecided.keys.sorted() == exact.undecided.keys.sorted())
    for place in 0..<batch.count * fast.outputsPerRow {
      #expect(fast[place].value == exact[place].value, "\(rows[place / fast.outputsPerRow])")
    }
  }
}
