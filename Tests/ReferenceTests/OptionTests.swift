import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import Testing

/// Expected values: PyTorch's examples, computed with mpmath to 60 digits and rounded; PyTorch's own
/// results differ from two of them in the last place.
@Suite struct `Options and reductions` {
  private let rows: [[Double]] = [[2, 1, 0], [0, 3, 1], [1, 1, 1]]
  private let labels = [0, 2, 1]
  private let weights = [1, 2, 4].map { FloatValue(Double($0)) }

  @Test func `weights that vanish make a loss of 0, whatever other options are 0 as well`() throws {
    let options = LossOptions.with {
      $0.labelSmoothing = .zero
      $0.positiveWeight = .zero
      $0.temperature = FloatValue(4.9)
    }
    for function in [LossFunction.binaryCrossEntropy, .binaryCrossEntropyGradient] {
      for direction in RoundingDirection.allCases {
        #expect(try value(function, [0x1.04p-18], soft(1), options: options, direction) == .zero)
      }
    }
  }

  @Test func `a weighted mean divides by the weights of the labels`() throws {
    let options = LossOptions.with { $0.classWeights = weights }
    #expect(try reduced(.mean, options: options).double == 1.6120306600008203)
    // Probabilities divide by the number of rows.
    #expect(try reduced(.mean, soft: true, options: options).double == 3.7614048733352474)
  }

  @Test func `label smoothing spreads over all classes`() throws {
    let smoothed = LossOptions.with { $0.labelSmoothing = FloatValue(0.1) }
    #expect(try reduced(.mean, options: smoothed).double == 1.2475769797784808)
    let both = LossOptions.with {
      $0.labelSmoothing = FloatValue(0.1)
      $0.classWeights = weights
    }
    #expect(try reduced(.mean, options: both).double == 1.6066964030896975)
    #expect(try reduced(.mean, soft: true, options: both).double == 3.7489582738759606)
  }

  @Test func `ignored rows count in neither the sum nor its denominator`() throws {
    let options = LossOptions.with { $0.ignoreIndex = 2 }
    let counted = [0, 2].map { LossInput(logits: numbers(rows[$0]), target: .index(labels[$0])) }
    let expected = try scalar(counted, .mean, LossOptions())
    #expect(try reduced(.mean, options: options) == expected)
  }

  @Test func `a mean of nothing is NaN and a sum of nothing 0`() throws {
    let options = LossOptions.with { $0.ignoreIndex = 0 }
    let ignored = [LossInput(logits: numbers([1, 2]), target: .index(0))]
    #expect(try scalar(ignored, .mean, options).isNaN)
    #expect(try scalar(ignored, .sum, options) == .zero)
    let weightless = LossOptions.with { $0.classWeights = [.zero, .one] }
    #expect(try scalar(ignored, .mean, weightless).isNaN)
    #expect(try scalar([], .sum, LossOptions()) == .zero)
    // An infinite loss over nothing is no better defined.
    let smoothed = LossOptions.with {
      $0.classWeights = [.zero, .one]
      $0.labelSmoothing = FloatValue(0.5)
    }
    let infinite = [LossInput(logits: [.infinity, .one], target: .index(0))]
    #expect(try scalar(infinite, .mean, smoothed).isNaN)
  }

  @Test func `a sum rounds once, by the tails of all rows`() throws {
    // 2^30 + tail and 2^30 + tail: their sum is a breakpoint plus something.
    let big = Double(1 << 30)
    let row = LossInput(logits: numbers([big, 0]), target: .index(1))
    #expect(try scalar([row, row], .sum, LossOptions()).double == 2 * big)
    #expect(try scalar([row, row], .sum, LossOptions(), .up).double == (2 * big).nextUp)
    #expect(try scalar([row, row], .mean, LossOptions(), .up).double == big.nextUp)
    // Smoothed by 3 classes the heads are thirds, whose sum is an integer.
    let smoothed = LossOptions.with { $0.labelSmoothing = FloatValue(0.5) }
    let third = LossInput(logits: numbers([big, 0, 0]), target: .index(0))
    #expect(try scalar([third, third, third], .sum, smoothed).double == big)
    #expect(try scalar([third, third, third], .sum, smoothed, .up).double == big.nextUp)
  }

  @Test func `the gradient of a mean is the rows' over the denominator`() throws {
    let options = LossOptions.with { $0.classWeights = weights }
    let batch = try Reference().exact(
      .crossEntropyGradient, batch: inputs(soft: false), reduction: .mean, options: options)
    guard case .perRow(let gradients) = batch else {
      Issue.record("the gradient of a batch was reduced")
      return
    }
    // Row 1 has the label 2 of weight 4, and the weights add up to 7.
    let row = try values(.crossEntropyGradient, rows[1], .index(2), options: options)
    let scaled = try gradients[1].rounded(to: .float64, .nearestEven).map(\.value.double)
    for (entry, plain) in zip(scaled, row) { #expect(abs(entry - plain.double / 7) < 1e-16) }
  }

  @Test func `z-loss adds the square of the log-sum-exp`() throws {
    let options = LossOptions.with { $0.zLoss = FloatValue(0.25) }
    // One class: the loss is 0 and the log-sum-exp the logit, so all is exact.
    #expect(try value(.crossEntropy, [3], .index(0), options: options).double == 2.25)
    #expect(try values(.crossEntropyGradient, [3], .index(0), options: options)[0].double == 1.5)
    let ordinary = try value(.crossEntropy, [1, 2], .index(0), options: options).double
    let logSumExp = try value(.logSumExp, [1, 2]).double
    let plain = try value(.crossEntropy, [1, 2], .index(0)).double
    #expect(abs(ordinary - (plain + 0.25 * logSumExp * logSumExp)) < 1e-15)
  }

  @Test func `z-loss squares the log-sum-exp of the logits divided by the temperature`() throws {
    let options = LossOptions.with {
      $0.zLoss = FloatValue(0.5)
      $0.temperature = FloatValue(4.0)
    }
    // x/T = (3/4, −1/4, 1/2).
    let logSumExp = try value(.logSumExp, [0.75, -0.25, 0.5]).double
    let loss = try value(.crossEntropy, [3, -1, 2], .index(1), options: options).double
    #expect(abs(loss - (logSumExp + 0.25 + 0.5 * logSumExp * logSumExp)) < 1e-14)
  }

  @Test func `temperature divides the logits, exactly`() throws {
    let thirds = LossOptions.with { $0.temperature = FloatValue(3.0) }
    let expected = try values(.softmax, [1, 2, 5])
    #expect(try values(.softmax, [3, 6, 15], options: thirds) == expected)
    #expect(
      try value(.crossEntropy, [3, 6, 15], .index(1), options: thirds)
        == (try value(.crossEntropy, [1, 2, 5], .index(1))))
    // The head 10³⁰⁰/3 is no dyadic rational; the direction decides all the same.
    let down = try value(
      .crossEntropy, [1e300, 0], .index(1), options: thirds, in: .float64, .down)
    let up = try value(.crossEntropy, [1e300, 0], .index(1), options: thirds, in: .float64, .up)
    #expect(down.double.nextUp == up.double)
  }

  @Test func `the focal loss with γ = 0 is the plain loss, scaled`() throws {
    let options = LossOptions.with {
      $0.focalGamma = .zero
      $0.focalAlpha = FloatValue(0.25)
    }
    let plain = try value(.crossEntropy, [1, 2], .index(0)).double
    #expect(try value(.crossEntropy, [1, 2], .index(0), options: options).double == plain / 4)
    let binary = try value(.binaryCrossEntropy, [1], soft(1)).double
    #expect(try value(.binaryCrossEntropy, [1], soft(1), options: options).double == binary / 4)
  }

  @Test func `the focal loss and its gradient follow their formulas`() throws {
    let options = LossOptions.with { $0.focalGamma = FloatValue(2.0) }
    let p = 1 / (1 + 2.0)  // softmax of (0, log 2)
    let row = [0, 0.6931471805599453]
    let focal = try value(.crossEntropy, row, .index(0), options: options).double
    #expect(abs(focal - (1 - p) * (1 - p) * -log(p)) < 1e-15)
    let gradient = try values(.crossEntropyGradient, row, .index(0), options: options).map(\.double)
    let bracket = 2 * p * -log(p) + (1 - p)
    #expect(abs(gradient[0] + (1 - p) * (1 - p) * bracket) < 1e-15)
    #expect(abs(gradient[1] - (1 - p) * (1 - p) * bracket) < 1e-15)
    let binary = try value(.binaryCrossEntropy, [row[1]], soft(0), options: options).double
    #expect(abs(binary - 4.0 / 9 * log(3)) < 1e-15)
    let slope = try value(.binaryCrossEntropyGradient, [row[1]], soft(0), options: options).double
    #expect(abs(slope - 4.0 / 9 * (2.0 / 3 + 2 * log(3) / 3)) < 1e-15)
  }

  @Test func `the focal loss at infinite and huge logits has its limits`() throws {
    let options = LossOptions.with { $0.focalGamma = FloatValue(5.0) }
    let gradient = try value(
      .binaryCrossEntropyGradient, [-.infinity], soft(0.5), options: options)
    #expect(gradient.double == -0x1p-6)
    #expect(try value(.binaryCrossEntropy, [1e300], soft(1), options: options) == .zero)
    #expect(
      try value(.binaryCrossEntropyGradient, [1e300], soft(1), options: options)
        == .zero(isNegative: true))
  }

  @Test func `what no theorem settles is given up, with an enclosure, and not guessed`() throws {
    // The tail is s·(γ·d·z + 1) but for terms in s², and d = 1 − 2q₀ is −1/z.
    let options = LossOptions.with { $0.focalGamma = .one }
    let target = soft(0.5 - 0x1p-13)
    let head = 0x1p10 * (1 + 0x1p-12) * (1 + 0x1p-12)
    let error = #expect(throws: ReferenceError.self) {
      try value(.binaryCrossEntropy, [4096], target, options: options, in: .float64, .up)
    }
    guard case .undecided(let precision, let lower, let upper)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(precision >= 4096)
    #expect(FloatValue(hexadecimal: lower)?.double == head)
    #expect(FloatValue(hexadecimal: upper)?.double == head)
    // To nearest it is decided, where it is no midpoint.
    #expect(try value(.binaryCrossEntropy, [4096], target, options: options).double == head)
    #expect(throws: ReferenceError.self) {
      try value(.binaryCrossEntropy, [4096], target, options: options, in: .float32)
    }
  }

  @Test(arguments: [0.5, 2])
  func `the focal gradient underflows where its factor does`(_ gamma: Double) throws {
    let options = LossOptions.with { $0.focalGamma = FloatValue(gamma) }
    let binary = { (z: Double, y: Double, direction: RoundingDirection) in
      try value(
        .binaryCrossEntropyGradient, [z], soft(y), options: options, in: .float32, direction)
    }
    #expect(try binary(1e20, 1, .nearestEven) == .zero(isNegative: true))
    #expect(try binary(-1e20, 0, .nearestEven) == .zero)
    #expect(try binary(-1e20, 0, .up).double == 0x1p-149)
    #expect(try binary(1e20, 0, .nearestEven).double == 1)
    let row = try values(
      .crossEntropyGradient, [1e20, 0, 5], .index(0), options: options, in: .float32)
    #expect(row == [.zero(isNegative: true), .zero, .zero])
    let up = try values(
      .crossEntropyGradient, [1e20, 0, 5], .index(0), options: options, in: .float32, .up)
    #expect(up.map(\.double) == [0, 0x1p-149, 0x1p-149])
  }

  @Test func `a value on either side of a power of two is decided to nearest`() throws {
    let focal = LossOptions.with { $0.focalGamma = FloatValue(2.0) }
    let loss = { (direction: RoundingDirection) in
      try value(.binaryCrossEntropy, [0x1p100], soft(0), options: focal, in: .float32, direction)
    }
    #expect(try loss(.nearestEven).double == 0x1p100)
    #expect(try loss(.up).double == 0x1p100 && loss(.down).double == 0x1.fffffep99)
    // Two logits so far above the cap that nothing tells how far apart they are.
    let cap = LossOptions.with { $0.softcap = FloatValue(50.0) }
    let row = try values(.softmax, [0x1p60, 0x1p61], options: cap)
    #expect(row.map(\.double) == [0.5, 0.5])
  }

  private func numbers(_ row: [Double]) -> [FloatValue] { row.map { FloatValue($0) } }

  private func inputs(soft: Bool) -> [LossInput] {
    zip(rows, labels).map { row, label in
      let oneHot = row.indices.map { $0 == label ? FloatValue.one : .zero }
      return LossInput(logits: numbers(row), target: soft ? .probabilities(oneHot) : .index(label))
    }
  }

  private func reduced(
    _ reduction: Reduction, soft: Bool = false, options: LossOptions
  ) throws -> FloatValue {
    try scalar(inputs(soft: soft), reduction, options)
  }

  private func scalar(
    _ rows: [LossInput], _ reduction: Reduction, _ options: LossOptions,
    _ direction: RoundingDirection = .nearestEven
  ) throws -> FloatValue {
    let batch = try Reference().exact(
      .crossEntropy, batch: rows, reduction: reduction, options: options)
    guard case .reduced(let value) = batch else { return .nan }
    return try value.rounded(to: .float64, direction)[0].value
  }
}

/// The natural logarithm, of small integers and fractions, through the reference's own enclosures.
private func log(_ x: Double) -> Double {
  var result = Enclosure(BigFloat(FloatValue(x)))
  result.apply(.logarithm, precision: 80)
  return result.lower.double
}
