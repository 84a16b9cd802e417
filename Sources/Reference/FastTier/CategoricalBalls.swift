internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// The categorical losses with soft targets and options, in balls: the formulas of `CrossEntropy`,
/// `CrossEntropyGradient` and `FocalCrossEntropy`.
struct CategoricalBalls {
  private let isGradient: Bool
  private let weights: [Double]?
  private let smoothing: Double?
  private let ignoredLabel: Int?
  private let temperature: Ball
  /// What gradients are multiplied by; nil for 1.
  private let scale: Ball?
  private let zLoss: Ball?
  /// γ, where it is a small integer other than 0.
  private let gamma: Int?
  private let balance: Double

  /// - Parameter penaltyFactor: What the coefficient of a z-loss is multiplied by; nil for 1.
  /// - Returns: nil for a focal loss whose exponent is no small integer, and numbers that are no doubles.
  init?(_ function: LossFunction, _ options: LossOptions, penaltyFactor: Ball? = nil) {
    isGradient = function.isGradient
    weights = options.classWeights?.map(\.double)
    smoothing = options.labelSmoothing?.double
    ignoredLabel = options.ignoreIndex
    temperature = Ball(options.temperature?.double ?? 1)
    scale = options.scale.map { Ball($0.double) }
    zLoss = options.zLoss.flatMap {
      $0.isZero ? nil : Ball($0.double) * (penaltyFactor ?? Ball(1))
    }
    balance = options.focalAlpha?.double ?? 1
    if let power = options.focalGamma, !power.isZero {
      guard let integer = Int(exactly: power.double), (1...8).contains(integer) else { return nil }
      gamma = integer
    } else {
      gamma = nil
    }
    guard options.areDoubles else { return nil }
  }

  /// Whether rows of a label do not count.
  func ignores(_ label: Int?) -> Bool { label != nil && label == ignoredLabel }

  /// Writes the outputs of a row.
  func enclose(_ row: BallRow, _ target: RowView, _ writer: CertifiedWriter) {
    let count = target.count
    if let gamma, let label = target.label {
      return encloseFocal(row, label: label, gamma, count: count, writer)
    }
    let denominator = Ball(smoothing == nil ? 1 : Double(count))
    let support = smoothing == nil ? target.label.map { $0..<$0 + 1 } : nil
    var sums = (total: BallSum(), head: BallSum())
    for index in support ?? 0..<count {
      let coefficient = coefficient(index, target, count)
      sums.total.add(coefficient)
      if !isGradient { sums.head.add(coefficient * row.distance(index)) }
    }
    let (total, head) = (sums.total.value, sums.head.value)
    let slope = zLoss.map { $0 * logSumExp(row) }
    guard isGradient else {
      let tail = total * row.logarithm
      guard let slope else {
        if temperature.high == 1, denominator.high == 1 {
          return writer.put(total.isZero ? nil : BallRow.enclosed(head: head, tail: tail), at: 0)
        }
        let value = (head / temperature + tail) / denominator
        return writer.put(MagnitudeEnclosure(value, isPositive: !total.isZero), at: 0)
      }
      let value = (head / temperature + tail) / denominator + slope * logSumExp(row)
      return writer.put(MagnitudeEnclosure(value), at: 0)
    }
    // F = A/D + 2c·log Σ e^(x/T), and (F·p − a/D)/T.
    let doubled = slope.map { $0 + $0 } ?? Ball(0)
    let factor = total / denominator + doubled
    for index in 0..<count where writer.isOpen(at: index) {
      let coefficient = coefficient(index, target, count)
      // A positive and a negative term, the head one of them.
      let (value, head): (Ball, Ball)
      let isLeading = row.isGreatest(index) && row.maximumCount == 1
      if isLeading {
        // (F − a/D) − F·(1 − p), where A − a is the sum of the others.
        var others = BallSum()
        for other in support ?? 0..<count where other != index {
          others.add(self.coefficient(other, target, count))
        }
        head = others.value / denominator + doubled
        value = head - factor * row.complement(index)
      } else {
        head = coefficient / denominator
        value = factor * row.probability(index) - head
      }
      let ownSlope = row.slope(index)
      var number: MagnitudeEnclosure?
      if let saturation = row.saturation(index) {
        // tanh′ q is 4e^−2q but for e^−4q beside it.
        number = MagnitudeEnclosure(
          value / temperature * Ball(4) * (scale ?? Ball(1)),
          timesExponentialOfNegative: saturation)
      } else if head.isZero, !isLeading, factor.hasSign {
        number = derivative(ofShare: index, of: factor, row)
      } else {
        number = derivative(value, by: ownSlope)
      }
      number?.isRational = row.isConstant && zLoss == nil && ownSlope == nil
      if temperature.high == 1, scale == nil, ownSlope == nil {
        if zLoss == nil {
          number?.limit(to: head, ifNegative: !isLeading)
        } else if !isLeading, factor.hasSign, factor.high > 0 {
          number?.limit(to: head, ifNegative: true)
        }
      }
      writer.put(number, at: index)
    }
  }

  /// w·(K·y·(1 − ε) + ε)·α, or w·y·α without smoothing: see `ClassCoefficients`.
  private func coefficient(_ index: Int, _ target: RowView, _ count: Int) -> Ball {
    var result = target.label.map { Ball($0 == index ? 1 : 0) } ?? Ball(target.target[index])
    if let smoothing {
      let kept = Ball.difference(1, smoothing) * Ball(Double(count))
      result = result * kept + Ball(smoothing)
    }
    if let weights { result = result * Ball(weights[index]) }
    return balance == 1 ? result : result * Ball(balance)
  }

  /// The gradient by a logit, of that by what scale and temperature make of it.
  ///
  /// - Parameter slope: Of what is made of the logit; nil for the scale.
  private func derivative(_ gradient: Ball, by slope: Ball?) -> MagnitudeEnclosure? {
    let quotient = gradient / temperature
    guard let slope = slope ?? scale else { return MagnitudeEnclosure(quotient) }
    let value = quotient * slope
    guard gradient.hasSign, !value.hasSign else { return MagnitudeEnclosure(value) }
    // A slope that was cut has the sign of its scale.
    return MagnitudeEnclosure(
      magnitude: value.magnitude, isNegative: (gradient.high < 0) != (slope.high < 0))
  }

  /// The same of a factor times the probability of a class, which has the factor's sign however small it is.
  private func derivative(
    ofShare index: Int, of factor: Ball, _ row: BallRow
  ) -> MagnitudeEnclosure? {
    let slope = row.slope(index) ?? scale ?? Ball(1)
    let product = factor / temperature * slope
    if product.hasSign { return row.share(index, times: product, temperature: temperature) }
    // A slope that was cut.
    let isNegative = (factor.high < 0) != (slope.high < 0)
    let value = product * row.probability(index)
    return MagnitudeEnclosure(magnitude: value.magnitude, isNegative: isNegative)
  }

  /// log Σ e^(x/T).
  private func logSumExp(_ row: BallRow) -> Ball { row.maximum / temperature + row.logarithm }

  private func encloseFocal(
    _ row: BallRow, label: Int, _ gamma: Int, count: Int, _ writer: CertifiedWriter
  ) {
    let factor = Ball(weights?[label] ?? 1) * Ball(balance)
    let complement = row.complement(label)
    let loss = row.loss(label, temperature: temperature)
    guard isGradient else {
      var number = MagnitudeEnclosure(factor * complement.power(gamma) * loss)
      let head = row.distance(label)
      if factor.isOne, temperature.isOne, head.error == 0, exceedsHead(row, label, gamma, count) {
        number?.floor = LOPair(high: head.high, low: head.low)
      }
      return writer.put(number, at: 0)
    }
    let bracket = Ball(Double(gamma)) * row.probability(label) * loss + complement
    let product = factor * complement.power(gamma - 1) * bracket
    for index in 0..<count where writer.isOpen(at: index) {
      let value = product * (index == label ? -complement : row.probability(index))
      writer.put(derivative(value, by: row.slope(index)), at: index)
    }
  }
}

extension CategoricalBalls {
  /// Whether (1 − p)^γ·(d + t) is above its head d, t = log Z: it is for t > 2γpd, where γp < ½. With e the next distance
  /// from the greatest logit, t is above ½e^−e.
  fileprivate func exceedsHead(_ row: BallRow, _ label: Int, _ gamma: Int, _ count: Int) -> Bool {
    let distance = row.distance(label).high
    guard distance > 4, distance < 0x1p40 else { return false }
    var nearest = row.maximumCount > 1 ? 0 : Double.infinity
    for index in 0..<count where index != label && !row.isGreatest(index) {
      nearest = min(nearest, row.distance(index).high)
    }
    // Also 4γd·e^−d < e^−e: log(4γd) is below 0.7 for each bit.
    return distance - nearest > 0.7 * Double((4 * Double(gamma) * distance).exponent + 1) + 1
  }
}

extension LossOptions {
  /// Whether the doubles hold all numbers.
  var areDoubles: Bool {
    let numbers = [
      positiveWeight, labelSmoothing, scale, softcap, temperature, zLoss, focalGamma, focalAlpha,
    ]
    for case let number? in numbers where !FloatFormat.float64.contains(number) { return false }
    return [classWeights, logitBias].allSatisfy {
      $0?.allSatisfy(FloatFormat.float64.contains) ?? true
    }
  }
}
