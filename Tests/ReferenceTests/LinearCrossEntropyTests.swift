import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@testable import Reference

/// A linear layer whose logits are doubles: sums of products of few bits.
struct SmallLayer {
  let input: LinearInput
  /// The logits, row by row.
  let logits: [[Double]]

  init(_ choices: inout ChoiceSource, rows: Int, classes: Int, width: Int, hasBias: Bool) throws {
    let scale = Double(sign: .plus, exponent: choices.integer(in: -12 ... -4), significand: 1)
    func numbers(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float(Double(choices.integer(in: -2000...2000)) * scale) }
    }
    let hidden = numbers(rows * width)
    var (weight, bias) = (numbers(classes * width), hasBias ? numbers(classes) : nil)
    // Some logits tie with those before them.
    for index in 1..<max(classes, 2) where index < classes && choices.integer(in: 0...3) == 0 {
      for k in 0..<width { weight[index * width + k] = weight[(index - 1) * width + k] }
      if let before = bias?[index - 1] { bias?[index] = before }
    }
    input = try LinearInput(
      hidden: hidden, weight: weight, bias: bias,
      labels: (0..<rows).map { _ in Int32(choices.integer(in: 0...classes - 1)) }, width: width)
    logits = (0..<rows).map { row in
      (0..<classes).map { index in
        (0..<width).reduce(Double(bias?[index] ?? 0)) {
          $0 + Double(hidden[row * width + $1]) * Double(weight[index * width + $1])
        }
      }
    }
  }

  func row(_ row: Int) -> LossInput {
    LossInput(
      logits: logits[row].map { FloatValue($0) }, target: .index(Int(input.labels[row])))
  }
}

extension LossOptions {
  /// Options that a linear layer's loss has, some of them set.
  static func ofLinear(_ choices: inout ChoiceSource, classes: Int) -> LossOptions {
    var options = LossOptions()
    if choices.integer(in: 0...2) == 0 { options.labelSmoothing = FloatValue(0.1) }
    if choices.integer(in: 0...2) == 0 {
      options.classWeights = (0..<classes).map { _ in
        FloatValue(Double(choices.integer(in: 0...7)) / 4)
      }
    }
    if choices.integer(in: 0...2) == 0 { options.ignoreIndex = 0 }
    if choices.integer(in: 0...2) == 0 { options.scale = FloatValue(0.3) }
    if choices.integer(in: 0...2) == 0 { options.temperature = FloatValue(0.7) }
    if choices.integer(in: 0...3) == 0 { options.softcap = FloatValue(1.5) }
    if choices.integer(in: 0...3) == 0 { options.zLoss = FloatValue(0.1) }
    return options
  }
}

/// Those of a mean, nil for what is said by nothing.
private let denominators: [Denominator?] = [nil] + Denominator.allCases

@Suite struct `A linear layer fused with its loss` {
  private static let formats: [FloatFormat] = [.bfloat16, .float32, .float64]

  @Test func `divides by what is named, and by nothing where there is no mean`() throws {
    let input = try LinearInput(
      hidden: [1, 2, 3, 4], weight: [1, 0.5, -1], labels: [0, 1, 2, 2], width: 1)
    let options = LossOptions.with {
      $0.denominator = .rows
      $0.ignoreIndex = 2
    }
    for reduction in [Reduction.none, .sum] {
      #expect(throws: ReferenceError.invalidInput(.denominatorWithoutMean)) {
        try Reference().linearCrossEntropy(input, options: options, reduction: reduction)
      }
      #expect(throws: ReferenceError.invalidInput(.denominatorWithoutMean)) {
        try Reference().linearCrossEntropyGradient(
          input, by: .weight, options: options, reduction: reduction)
      }
    }
    // Half of the rows count, which the divisor does not see.
    let mean = try Reference().linearCrossEntropy(input, options: options, reduction: .mean)
    let byCounted = try Reference().linearCrossEntropy(
      input, options: .with { $0.ignoreIndex = 2 }, reduction: .mean)
    #expect(mean.values.doubles[0] == byCounted.values.doubles[0] / 2)
  }

  @Test(arguments: [true, false])
  func `has the losses of its logits`(usesFastTier: Bool) throws {
    var choices = TestSeed.choices("linear losses")
    let reference = Reference(usesFastTier: usesFastTier)
    for _ in 0..<TestSeed.count(40) {
      let classes = choices.integer(in: 1...40)
      let layer = try SmallLayer(
        &choices, rows: choices.integer(in: 1...4), classes: classes,
        width: choices.integer(in: 1...200), hasBias: choices.integer(in: 0...1) == 1)
      let options = LossOptions.ofLinear(&choices, classes: classes)
      let direction = RoundingDirection.allCases[choices.integer(in: 0...3)]
      let rows = layer.logits.indices.map { layer.row($0) }
      for format in Self.formats {
        let losses = try reference.linearCrossEntropy(
          layer.input, options: options, in: format, rounding: direction)
        for (row, input) in rows.enumerated() {
          let expected = try Reference().evaluate(
            .crossEntropy, input, options: options, in: format, rounding: direction)
          #expect(losses.values[row] == expected[0].value, "\(input) \(options)")
        }
        for reduction in [Reduction.sum, .mean] {
          var options = options
          if reduction == .mean { options.denominator = denominators[choices.integer(in: 0...7)] }
          let loss = try reference.linearCrossEntropy(
            layer.input, options: options, reduction: reduction, in: format, rounding: direction)
          let exact = try Reference().exact(
            .crossEntropy, batch: rows, reduction: reduction, options: options)
          guard case .reduced(let value) = exact else { continue }
          #expect(try loss.values[0] == value.rounded(to: format, direction)[0].value)
        }
      }
    }
  }

  @Test(arguments: [true, false])
  func `keeps what cancels in its logits`(usesFastTier: Bool) throws {
    // 2⁷⁰ + 2⁻⁴⁰ − 2⁷⁰ beside 0: a double sum has lost the difference.
    let input = try LinearInput(
      hidden: [0x1p60, 0x1p-20, -0x1p60], weight: [0x1p10, 0x1p-20, 0x1p10, 0, 0, 0],
      labels: [0], width: 3)
    let loss = try Reference(usesFastTier: usesFastTier).linearCrossEntropy(input, in: .float64)
    #expect(try loss.values[0] == value(.crossEntropy, [0x1p-40, 0], .index(0)))
    // Of the least numbers and the greatest.
    let wide = try LinearInput(
      hidden: [0x1p-149, .greatestFiniteMagnitude], weight: [0x1p-149, 0, 0, 0], labels: [1],
      width: 2)
    let least = try Reference(usesFastTier: usesFastTier).linearCrossEntropy(wide, in: .float64)
    #expect(try least.values[0] == value(.crossEntropy, [0x1p-298, 0], .index(1)))
  }

  @Test(arguments: [true, false])
  func `has masked classes and ignored rows`(usesFastTier: Bool) throws {
    let reference = Reference(usesFastTier: usesFastTier)
    func layer(_ labels: [Int32]) throws -> LinearInput {
      try LinearInput(
        hidden: Array(repeating: [1, 2], count: labels.count).flatMap { $0 },
        weight: [1, 1, 2, 1, 7, 7], bias: [0, 0.5, -.infinity], labels: labels, width: 2)
    }
    let ignoring = LossOptions.with { $0.ignoreIndex = -100 }
    let losses = try reference.linearCrossEntropy(layer([1, 2, -100]), options: ignoring)
    #expect(try losses.values[0] == value(.crossEntropy, [3, 4.5], .index(1), in: .float32))
    #expect(losses.values[1] == .infinity)
    #expect(losses.values[2] == .zero)
    let mean = try reference.linearCrossEntropy(
      layer([1, -100]), options: ignoring, reduction: .mean)
    #expect(mean.values[0] == losses.values[0])
    let infinite = try reference.linearCrossEntropy(
      layer([1, 2]), options: ignoring, reduction: .sum)
    #expect(infinite.values[0] == .infinity)
    let nothing = try reference.linearCrossEntropy(
      layer([-100]), options: ignoring, reduction: .mean)
    #expect(nothing.values[0].isNaN)
    for parameter in LinearParameter.allCases {
      let gradient = try reference.linearCrossEntropyGradient(
        layer([-100]), by: parameter, options: ignoring, reduction: .mean)
      #expect(gradient.values.doubles.allSatisfy { $0 == 0 })
    }
    // The label's class is masked: its probability is 0, and so is that of the derivative −1.
    let masked = try reference.linearCrossEntropyGradient(layer([2]), by: .bias)
    #expect(masked.values[2] == FloatValue(-1))
  }

  @Test func `refuses what is not defined`() throws {
    #expect(throws: InputError.self) {
      try LinearInput(hidden: [1, 2, 3], weight: [1, 2], labels: [0], width: 2)
    }
    #expect(throws: InputError.self) {
      try LinearInput(hidden: [1, .nan], weight: [1, 2], labels: [0], width: 2)
    }
    #expect(throws: InputError.self) {
      try LinearInput(hidden: [1, 2], weight: [1, 2], bias: [.infinity], labels: [0], width: 2)
    }
    let input = try LinearInput(hidden: [1, 2], weight: [1, 2, 3, 4], labels: [2], width: 2)
    #expect(throws: ReferenceError.self) { try Reference().linearCrossEntropy(input) }
    let focal = LossOptions.with { $0.focalGamma = FloatValue(2) }
    let row = try LinearInput(
      hidden: [1, 2], weight: [1, 2], labels: [0], width: 2, gradOutput: [2])
    #expect(throws: ReferenceError.invalidInput(.optionNotFused(.focalGamma))) {
      try Reference().linearCrossEntropy(row, options: focal)
    }
    #expect(throws: ReferenceError.invalidInput(.gradOutputBesideReduction)) {
      try Reference().linearCrossEntropyGradient(row, by: .weight, reduction: .sum)
    }
    #expect(throws: InputError.self) {
      try LinearInput(
        hidden: [1, 2], weight: [1, 2], labels: [0], width: 2, gradOutput: [.infinity])
    }
  }

  @Test(arguments: [true, false])
  func `has masked classes under what stands before the loss`(usesFastTier: Bool) throws {
    // The third logit is −∞, which a cap makes a number of.
    let input = try LinearInput(
      hidden: [1, 2], weight: [1, 1, 2, 1, 7, 7], bias: [0, 0.5, -.infinity], labels: [1],
      width: 2)
    for options in [
      LossOptions.with { $0.softcap = FloatValue(3) },
      .with { $0.zLoss = FloatValue(0.5) },
      .with { ($0.scale, $0.temperature) = (FloatValue(0.1), FloatValue(3)) },
    ] {
      let loss = try Reference(usesFastTier: usesFastTier).linearCrossEntropy(
        input, options: options, in: .float64)
      let row = LossInput(
        logits: [3, 4.5, -.infinity].map { FloatValue($0) }, target: .index(1))
      let expected = try Reference().evaluate(.crossEntropy, row, options: options, in: .float64)
      #expect(loss.values[0] == expected[0].value)
      let gradient = try Reference(usesFastTier: usesFastTier).linearCrossEntropyGradient(
        input, by: .bias, options: options, in: .float64)
      let derivatives = try Reference().evaluate(
        .crossEntropyGradient, row, options: options, in: .float64)
      #expect(gradient.values.doubles == derivatives.map(\.value.double))
    }
  }
}

@Suite struct `Gradients of a linear layer fused with its loss` {
  private final class Sum {
    var enclosure = Enclosure(0)
  }

  /// Σ g·f of the derivatives by the logits, in 600 bits.
  private static func sums(
    _ layer: SmallLayer, _ parts: [LinearPart], count: Int,
    _ receive: (_ row: Int, _ index: Int, _ add: (Int, Float) -> Void) -> Void
  ) -> [Sum] {
    let sums = (0..<count).map { _ in Sum() }
    for (row, (options, mean)) in layer.logits.indices.flatMap({ row in parts.map { (row, $0) } }) {
      let exact = LossFunction.crossEntropyGradient.exact(layer.row(row), options)
      exact.enclose(Array(0..<layer.input.classCount), precision: 600) { index, entry in
        guard case .real(let number) = consume entry else { return }
        var derivative = number.enclosure(precision: 600)
        if let mean {
          derivative.divide(by: Enclosure(mean.total.value), precision: 600)
        }
        receive(row, index) { place, factor in
          var term = derivative.copy()
          term.multiply(by: BigFloat(FloatValue(factor)), precision: 600)
          sums[place].enclosure = .sum(sums[place].enclosure, term, precision: 600)
        }
      }
    }
    return sums
  }

  @Test(arguments: [true, false])
  func `are the sums of derivatives by the logits`(usesFastTier: Bool) throws {
    var choices = TestSeed.choices("linear gradients")
    let reference = Reference(usesFastTier: usesFastTier)
    for _ in 0..<TestSeed.count(30) {
      let classes = choices.integer(in: 2...20)
      let width = choices.integer(in: 1...6)
      let layer = try SmallLayer(
        &choices, rows: choices.integer(in: 1...3), classes: classes, width: width,
        hasBias: choices.integer(in: 0...1) == 1)
      var options = LossOptions.ofLinear(&choices, classes: classes)
      let direction = RoundingDirection.allCases[choices.integer(in: 0...3)]
      let reduction = Reduction.allCases[choices.integer(in: 0...2)]
      if reduction == .mean { options.denominator = denominators[choices.integer(in: 0...7)] }
      let upstream =
        reduction == .none && choices.integer(in: 0...1) == 1
        ? (0..<layer.input.rowCount).map { _ in Float(choices.integer(in: -2...3)) / 2 } : nil
      let input = try LinearInput(
        hidden: layer.input.hidden, weight: layer.input.weight, bias: layer.input.bias,
        labels: layer.input.labels, width: width, gradOutput: upstream)
      let parts = input.parts(options, reduction)
      guard parts.allSatisfy({ $0.mean?.total.value.isZero != true }) else { continue }
      for parameter in LinearParameter.allCases {
        let outputs =
          switch parameter {
          case .hidden: input.rowCount * width
          case .weight: classes * width
          case .bias: classes
          }
        let sums = Self.sums(layer, parts, count: outputs) { row, index, add in
          let u = upstream?[row] ?? 1
          switch parameter {
          case .hidden:
            for k in 0..<width { add(row * width + k, u * input.weight[index * width + k]) }
          case .weight:
            for k in 0..<width { add(index * width + k, u * input.hidden[row * width + k]) }
          case .bias: add(index, u)
          }
        }
        for format in [FloatFormat.float16, .float32, .float64] {
          let gradient = try reference.linearCrossEntropyGradient(
            input, by: parameter, options: options, reduction: reduction, in: format,
            rounding: direction)
          #expect(gradient.undecided.isEmpty)
          for (place, sum) in sums.enumerated() {
            guard let expected = format.rounded(sum.enclosure, direction) else { continue }
            #expect(
              gradient.values[place].isNumericallyEqual(to: expected),
              "\(parameter) \(place) \(format) \(direction) \(options) \(input)")
          }
        }
      }
    }
  }

  @Test(arguments: [true, false])
  func `are 0 where all weights of a feature are one number`(usesFastTier: Bool) throws {
    let input = try LinearInput(
      hidden: [0.5, 3], weight: [0.25, 1, 0.25, 2, 0.25, -1], labels: [1], width: 2)
    let gradient = try Reference(usesFastTier: usesFastTier).linearCrossEntropyGradient(
      input, by: .hidden)
    #expect(gradient.values[0] == .zero)
    #expect(gradient[0].ground == .rational)
    #expect(gradient.values.doubles[1] != 0)
  }

  @Test func `keep the digits of a confident row`() throws {
    // The label's logit is 100 above the other: the derivatives are ±e⁻¹⁰⁰/(1 + e⁻¹⁰⁰).
    let input = try LinearInput(hidden: [100], weight: [1, 0], labels: [0], width: 1)
    for usesFastTier in [true, false] {
      let gradient = try Reference(usesFastTier: usesFastTier).linearCrossEntropyGradient(
        input, by: .hidden, in: .float64)
      let expected = try values(.crossEntropyGradient, [100, 0], .index(0))[0]
      #expect(gradient.values[0] == expected)
    }
  }
}
