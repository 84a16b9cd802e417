import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import Testing

@testable import Reference

@Suite struct `What a mean divides by` {
  /// Six rows of four classes, one of them ignored and one of a class of weight 0.
  private static let labels = [0, 1, 2, 3, 1, -100]
  private static let weights: [Double] = [1, 3, 0.5, 0]
  private static var inputs: [LossInput] {
    labels.enumerated().map { row, label in
      LossInput(
        logits: (0..<4).map { FloatValue(Double((row * 5 + $0 * 3) % 7) - 2.5) },
        target: .index(label))
    }
  }

  private static func options(
    _ denominator: Denominator?, zLoss: Double? = nil, smoothing: Double? = nil,
    isWeighted: Bool = true
  ) -> LossOptions {
    var options = LossOptions()
    options.classWeights = isWeighted ? weights.map { FloatValue($0) } : nil
    options.ignoreIndex = -100
    options.zLoss = zLoss.map { FloatValue($0) }
    options.labelSmoothing = smoothing.map { FloatValue($0) }
    options.denominator = denominator
    return options
  }

  /// The losses of the rows, or the derivatives by their logits, in doubles.
  private static func values(_ function: LossFunction, _ options: LossOptions) throws -> [Double] {
    var options = options
    options.denominator = nil
    return try inputs.flatMap {
      try Reference().evaluate(function, $0, options: options, in: .float64).map(\.value.double)
    }
  }

  private static func mean(
    _ function: LossFunction, _ options: LossOptions, in format: FloatFormat = .float64,
    fast: Bool = true
  ) throws -> [Double] {
    var rows = LossRows(format, classCount: 4, targetKind: .index)
    for input in inputs { rows.append(input) }
    let certified = try Reference(usesFastTier: fast).evaluate(
      function, batch: rows, reduction: .mean, options: options, in: format)
    return (0..<certified.values.count).map { certified.values[$0].double }
  }

  private static let divisors: [(Denominator?, Double, unweighted: Double)] = [
    (nil, 7.5, 5), (.weights, 7.5, 5), (.validRows, 5, 5), (.rows, 6, 6),
    (.allWeights, 7.5, 6), (.nonzeroWeights, 4, 5), (.values, 24, 24),
    (.weightsWithZLossByRows, 7.5, 5),
  ]

  @Test(arguments: divisors, [0, 0.25])
  func `is what its name says, with smoothing and without`(
    _ entry: (Denominator?, Double, unweighted: Double), _ smoothing: Double
  ) throws {
    for (isWeighted, divisor) in [(true, entry.1), (false, entry.unweighted)] {
      let options = Self.options(
        entry.0, smoothing: smoothing == 0 ? nil : smoothing, isWeighted: isWeighted)
      let expected = try Self.values(.crossEntropy, options).reduce(0, +) / divisor
      let value = try Self.mean(.crossEntropy, options)[0]
      #expect((value - expected).magnitude < 1e-14 * expected)
      let gradients = try Self.values(.crossEntropyGradient, options).map { $0 / divisor }
      for (value, expected) in zip(try Self.mean(.crossEntropyGradient, options), gradients) {
        #expect((value - expected).magnitude < 1e-15)
      }
    }
  }

  @Test func `counts the weight of an ignored row where that is one of a class`() throws {
    var options = Self.options(.allWeights)
    options.ignoreIndex = 1
    let inputs = Array(Self.inputs.dropLast())
    let values = try Reference().exact(
      .crossEntropy, batch: inputs, reduction: .mean, options: options)
    guard case .reduced(let exact) = values else { throw ReferenceError.invalidInput(.noLogits) }
    let value = try exact.rounded(to: .float64, .nearestEven)[0].value.double
    let counted = try inputs.enumerated().reduce(0.0) { sum, entry in
      sum
        + (try Reference().evaluate(.crossEntropy, entry.1, options: options, in: .float64)[0].value
          .double)
    }
    #expect((value - counted / 7.5).magnitude < 1e-15)
  }

  @Test func `may be another one for the z-loss`() throws {
    let options = Self.options(.weightsWithZLossByRows, zLoss: 0.25)
    for function in [LossFunction.crossEntropy, .crossEntropyGradient] {
      let whole = try Self.values(function, options)
      let without = try Self.values(function, Self.options(nil))
      var expected = zip(whole, without).map { $1 / 7.5 + ($0 - $1) / 5 }
      if !function.isGradient { expected = [expected.reduce(0, +)] }
      let exact = try Self.mean(function, options)
      #expect(exact.count == expected.count)
      for (value, other) in zip(exact, expected) {
        #expect((value - other).magnitude < 1e-14 * max(1, other.magnitude))
      }
      // Not what one denominator for both gives.
      let weighted = try Self.mean(function, Self.options(.weights, zLoss: 0.25))
      #expect(zip(exact, weighted).contains { ($0 - $1).magnitude > 1e-3 })
    }
  }

  @Test(arguments: Denominator.allCases, [FloatFormat.float32, .bfloat16, .float64])
  func `leads to the same bits by either tier`(
    _ denominator: Denominator, _ format: FloatFormat
  ) throws {
    for function in [LossFunction.crossEntropy, .crossEntropyGradient] {
      let options = Self.options(denominator, zLoss: 0.125)
      #expect(
        try Self.mean(function, options, in: format)
          == Self.mean(function, options, in: format, fast: false))
    }
  }

  /// Bound by bound: smoothed or not, rows confident, masked and tied, some ignored, and weights that vanish.
  @Test(arguments: [FloatFormat.bfloat16, .float32, .float64], [nil, 0.125])
  func `of the z-loss alone leaves little to MPFR`(
    _ format: FloatFormat, _ smoothing: Double?
  ) throws {
    var (rowCount, slowCount) = (0, 0)
    for name in ["normal", "ties", "confident", "near-ties"] {
      let shape = CaseShape(function: .crossEntropyGradient, format: format, classCount: 5)
      let family = try #require(Families.named(name))
      for batch in family.rows(shape, seed: 11, indices: 0..<60) where batch.rows.count > 0 {
        let rows = batch.rows
        guard rows.targetKind == .index else { continue }
        let options = LossOptions.with {
          $0.classWeights = [0.25, 3, 0.75, 1, 0].map { FloatValue($0) }
          $0.zLoss = FloatValue(0.01)
          $0.labelSmoothing = smoothing.map { FloatValue($0) }
          $0.ignoreIndex = 1
          $0.denominator = .weightsWithZLossByRows
        }
        let fast = try Reference().evaluate(
          .crossEntropyGradient, batch: rows, reduction: .mean, options: options, in: format)
        let slow = try Reference(usesFastTier: false).evaluate(
          .crossEntropyGradient, batch: rows, reduction: .mean, options: options, in: format)
        // Balls decide what MPFR gives up, of numbers so small that it has no digits of them.
        for place in 0..<fast.values.count where slow.undecided[place / 5] == nil {
          #expect(fast.values[place] == slow.values[place], "\(name), value \(place)")
          #expect(fast.ulpExponents[place] == slow.ulpExponents[place])
          guard fast.residuals[place] != slow.residuals[place] else { continue }
          let distance = (fast.residuals[place] - slow.residuals[place]).magnitude
          #expect(distance <= 0x1p-14, "\(name), value \(place)")
        }
        (rowCount, slowCount) = (rowCount + rows.count, slowCount + fast.slowRowCount)
      }
    }
    #expect(rowCount > 200 && slowCount < rowCount / 10, "\(slowCount) of \(rowCount)")
  }

  @Test func `has names that calls are known by, each for one`() {
    let names = Denominator.allCases.flatMap { [$0.rawValue] + $0.calls }
    #expect(Set(names).count == names.count)
    for denominator in Denominator.allCases {
      for name in denominator.calls { #expect(Denominator(named: name) == denominator) }
    }
    #expect(Denominator(named: "median") == nil)
  }

  @Test func `is not said of a sum`() {
    for reduction in [Reduction.none, .sum] {
      #expect(throws: ReferenceError.invalidInput(.denominatorWithoutMean)) {
        try Reference().exact(
          .crossEntropy, batch: Self.inputs, reduction: reduction, options: Self.options(.rows))
      }
    }
  }

  @Test func `of a divergence may be the number of logits`() throws {
    var options = LossOptions()
    let row = LossInput(
      logits: [FloatValue(1.0), .zero, .zero], target: .logits([.zero, FloatValue(2.0), .one]))
    func value() throws -> Double {
      guard
        case .reduced(let exact) = try Reference().exact(
          .klDivergence, batch: [row, row], reduction: .mean, options: options)
      else { return .nan }
      return try exact.rounded(to: .float64, .nearestEven)[0].value.double
    }
    let byRows = try value()
    options.denominator = .values
    #expect((try value() * 3 - byRows).magnitude < 1e-15)
  }
}
