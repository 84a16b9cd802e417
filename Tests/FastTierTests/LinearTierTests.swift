import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@testable import Reference

@Suite struct `Matrix products with bounds` {
  /// Numbers of many binades, a few of them far greater than the rest.
  private static func numbers(_ choices: inout ChoiceSource, _ count: Int) -> [Float] {
    let spread = choices.integer(in: 0...40)
    return (0..<count).map { _ in
      let exponent = choices.integer(in: -spread...spread)
      let number = Float(choices.normal()) * Float(sign: .plus, exponent: exponent, significand: 1)
      return choices.integer(in: 0...30) == 0 ? number * 0x1p20 : number
    }
  }

  @Test(arguments: 1...3)
  func `hold the exact sums`(sliceCount: Int) {
    var choices = TestSeed.choices("sliced products")
    var worst = 0.0
    for _ in 0..<TestSeed.count(12) {
      let (rows, depth, columns) = (
        choices.integer(in: 1...6), choices.integer(in: 1...300), choices.integer(in: 1...16)
      )
      let left = Self.numbers(&choices, rows * depth)
      let right = Self.numbers(&choices, columns * depth)
      let sliced = SlicedRows(
        left.map { Double($0) }, rowCount: rows, depth: depth, sliceCount: sliceCount)
      var high = [Double](repeating: 0, count: rows * 16)
      var low = high
      let greatest = right.withUnsafeBufferPointer { right -> [Double] in
        guard let start = right.baseAddress else { return [] }
        let panel = SlicedPanel(
          start, stride: depth, columnCount: columns, depth: depth, isTransposed: true,
          sliceCount: sliceCount)
        panel.addProducts(of: sliced, to: &high, &low, width: 16)
        return panel.greatest
      }
      for row in 0..<rows {
        for column in 0..<columns {
          var exact = BigFloat(0)
          for k in 0..<depth {
            exact = .exactSum(
              exact,
              .exactProduct(
                BigFloat(FloatValue(left[row * depth + k])),
                BigFloat(FloatValue(right[column * depth + k]))))
          }
          let place = row * 16 + column
          for part in [high[place], low[place]] {
            exact = .exactDifference(exact, BigFloat(FloatValue(part)))
          }
          let bound = sliced.error(row) * SlicedProduct.power(above: greatest[column])
          worst = max(worst, exact.double.magnitude / bound)
        }
      }
    }
    #expect(worst < 1)
    // The bound says something.
    #expect(worst > (sliceCount == 1 ? 0x1p-12 : 0x1p-24))
  }
}

@Suite struct `The fused loss in matrix products` {
  /// A layer of normal numbers, in which classes are tied, sums cancel, a row is huge and one confident.
  private static func layer(_ choices: inout ChoiceSource, classes: Int, width: Int) throws
    -> LinearInput
  {
    var hidden = (0..<6 * width).map { _ in Float(choices.normal()) }
    var weight = (0..<classes * width).map { _ in Float(choices.normal() * 0.2) }
    for k in 0..<width {
      // Two classes of one row of weights.
      weight[width + k] = weight[k]
      // A huge row, a zero row, and one that is a class's weights: confident.
      hidden[width + k] *= 1000
      hidden[2 * width + k] = 0
      hidden[3 * width + k] = weight[2 * width + k] * 200
    }
    for k in 0..<width / 2 {
      // The second half takes away what the first adds, all but a little.
      hidden[4 * width + width / 2 + k] = -hidden[4 * width + k]
      for index in 0..<classes {
        weight[index * width + width / 2 + k] = weight[index * width + k] * (1 + 0x1p-18)
      }
    }
    return try LinearInput(
      hidden: hidden, weight: weight, labels: [3, 0, 1, 2, 5, 1], width: width)
  }

  @Test(arguments: [FloatFormat.bfloat16, .float32, .float64])
  func `is that of MPFR`(format: FloatFormat) throws {
    var choices = TestSeed.choices("linear tier")
    let input = try Self.layer(&choices, classes: 150, width: 40)
    let smoothed = LossOptions.with { $0.labelSmoothing = FloatValue(0.1) }
    for options in [LossOptions(), smoothed] {
      for direction in RoundingDirection.allCases {
        let fast = try Reference().linearCrossEntropy(
          input, options: options, in: format, rounding: direction)
        let slow = try Reference(usesFastTier: false).linearCrossEntropy(
          input, options: options, in: format, rounding: direction)
        #expect(fast.values == slow.values)
        // Most, at the least.
        #expect(fast.slowRowCount <= 2)
        for place in fast.residuals.indices {
          #expect((fast.residuals[place] - slow.residuals[place]).magnitude < 0x1p-14)
        }
      }
    }
  }

  @Test(arguments: LinearParameter.allCases, [FloatFormat.bfloat16, .float32])
  func `has the gradients of MPFR`(parameter: LinearParameter, format: FloatFormat) throws {
    var choices = TestSeed.choices("linear gradient tier")
    let input = try Self.layer(&choices, classes: 40, width: 24)
    for reduction in [Reduction.sum, .mean] {
      let fast = try Reference().linearCrossEntropyGradient(
        input, by: parameter, reduction: reduction, in: format)
      let slow = try Reference(usesFastTier: false).linearCrossEntropyGradient(
        input, by: parameter, reduction: reduction, in: format)
      #expect(fast.values == slow.values)
      #expect(fast.slowRowCount <= (parameter == .hidden ? 2 : 4))
      for place in fast.residuals.indices {
        #expect((fast.residuals[place] - slow.residuals[place]).magnitude < 0x1p-14)
      }
    }
  }

  /// Weights, a z-loss, and denominators of their own for both: with many values of each sign of log Σ e^x.
  @Test(arguments: LinearParameter.allCases, [Denominator.weights, .weightsWithZLossByRows])
  func `has the gradients of MPFR with a z-loss`(
    parameter: LinearParameter, denominator: Denominator
  ) throws {
    var choices = TestSeed.choices("linear gradient tier with a z-loss")
    let layer = try Self.layer(&choices, classes: 40, width: 24)
    var slowCount = 0
    for (zLoss, shift, smoothing) in [(0.01, 0.0, nil), (0.25, -12, 0.1), (1e-4, 3, nil)]
      as [(Double, Double, Double?)]
    {
      let input = try LinearInput(
        hidden: layer.hidden, weight: layer.weight,
        bias: (0..<40).map { Float(shift) + Float($0 % 3) / 8 }, labels: layer.labels, width: 24)
      var options = LossOptions.with {
        $0.zLoss = FloatValue(zLoss)
        $0.labelSmoothing = smoothing.map { FloatValue($0) }
        $0.classWeights = (0..<40).map { FloatValue([0.1, 3, 1, 0.5][$0 % 4]) }
        $0.ignoreIndex = 5
        $0.temperature = FloatValue(1.5)
      }
      for (reduction, format) in [
        (Reduction.mean, FloatFormat.float32), (.mean, .bfloat16), (.sum, .float32),
      ] {
        options.denominator = reduction == .mean ? denominator : nil
        let fast = try Reference().linearCrossEntropyGradient(
          input, by: parameter, options: options, reduction: reduction, in: format)
        let slow = try Reference(usesFastTier: false).linearCrossEntropyGradient(
          input, by: parameter, options: options, reduction: reduction, in: format)
        #expect(fast.values == slow.values)
        slowCount += fast.slowRowCount
        for place in fast.residuals.indices {
          #expect((fast.residuals[place] - slow.residuals[place]).magnitude < 0x1p-14)
        }
      }
    }
    // Of 54 rows, 360 classes, or 9 rows of biases.
    #expect(slowCount <= [.hidden: 12, .weight: 60, .bias: 4][parameter] ?? 0, "\(slowCount)")
  }

  @Test(arguments: [0, 18, 30, 60])
  func `of huge logits that differ little is that of MPFR`(exponent: Int) throws {
    var choices = TestSeed.choices("huge linear logits")
    let (classes, width) = (60, 8)
    let scale = Float(sign: .plus, exponent: exponent, significand: 1)
    let base = (0..<width).map { _ in Float(choices.normal()) }
    let input = try LinearInput(
      hidden: (0..<3 * width).map { _ in Float(choices.normal()) * scale },
      weight: (0..<classes * width).map { place in
        // One class is far below: its exponential is cut.
        place < width
          ? -base[place] * 1000 : base[place % width] + Float(choices.normal()) / scale
      }, labels: [1, 5, 0], width: width)
    for format in [FloatFormat.float32, .float64] {
      let (fast, slow) = try (
        Reference().linearCrossEntropy(input, in: format),
        Reference(usesFastTier: false).linearCrossEntropy(input, in: format)
      )
      #expect(fast.values == slow.values)
      let gradients = try [true, false].map {
        try Reference(usesFastTier: $0).linearCrossEntropyGradient(
          input, by: .hidden, in: format)
      }
      #expect(gradients[0].values == gradients[1].values)
    }
  }

  @Test func `does not depend on the number of threads`() throws {
    var choices = TestSeed.choices("linear threads")
    let input = try Self.layer(&choices, classes: 150, width: 24)
    for parameter in LinearParameter.allCases {
      let results = try [1, 2, 5].map {
        try Reference().linearCrossEntropyGradient(
          input, by: parameter, reduction: .mean, threadCount: $0)
      }
      #expect(Set(results.map { $0.residuals + $0.values.doubles }).count == 1)
    }
  }
}

extension LossOptions {
  fileprivate static func with(_ change: (inout LossOptions) -> Void) -> LossOptions {
    var options = LossOptions()
    change(&options)
    return options
  }
}
