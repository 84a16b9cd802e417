internal import FastKernels
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Certified values of entropies, divergences and cross-entropies with target logits, in balls that carry their own
/// bounds: the formulas of `SoftmaxEntropy`, `KLDivergence`, `KLDivergenceGradient` and `JSDivergence`.
///
/// It leaves undecided: infinite and NaN logits, a single class, numbers beyond float64, float64 gradients between
/// 2⁻¹¹¹⁵ and 2⁻⁸⁶⁵, and what cancels or lies on a breakpoint, as the divergences of rows that differ by few ulps do.
struct DistributionTier {
  private let function: LossFunction
  private let temperature: Ball
  private let rounding: EnclosureRounding

  /// - Returns: nil for other functions and formats that float64 does not hold.
  init?(
    _ function: LossFunction, _ options: LossOptions, from inputFormat: FloatFormat,
    to format: FloatFormat, _ direction: RoundingDirection
  ) {
    guard function.isOfDistributions || function.targetKinds.contains(.logits),
      inputFormat.isWithinFloat64, options.areDoubles,
      let rounding = EnclosureRounding(format, direction)
    else { return nil }
    self.function = function
    temperature = Ball(options.temperature?.double ?? 1)
    self.rounding = rounding
  }

  /// Decides what it can.
  func fill(_ rows: LossRows, _ result: inout CertifiedRows) {
    guard function.isOfDistributions || rows.targetKind == .logits else { return }
    let count = rows.classCount
    let outputCount = function.hasOutputPerClass ? count : 1
    result.write(rounding) { writer in
      rows.logits.doubles.withUnsafeBufferPointer { logits in
        rows.probabilities.doubles.withUnsafeBufferPointer { targets in
          withAlignedScratch(of: Double.self, capacity: 7 * count) { scratch in
            guard let start = scratch.baseAddress else { return }
            for row in 0..<rows.count {
              let range = row * count..<(row + 1) * count
              let writer = writer.advanced(by: row * outputCount)
              guard
                let p = BallRow(
                  UnsafeBufferPointer(rebasing: logits[range]), temperature: temperature.high,
                  scratch: (start, start + count))
              else { continue }
              guard function.hasTarget else {
                fillEntropy(p, count, writer)
                continue
              }
              guard
                let q = BallRow(
                  UnsafeBufferPointer(rebasing: targets[range]), temperature: temperature.high,
                  scratch: (start + 2 * count, start + 3 * count))
              else { continue }
              fill(p, q, count, BallColumn(start + 4 * count), writer)
            }
          }
        }
      }
    }
  }

  /// log1p(S) + Σ pⱼdⱼ/T, and pᵢ(dᵢ − Σ pⱼdⱼ)/T².
  private func fillEntropy(_ p: BallRow, _ count: Int, _ writer: CertifiedWriter) {
    var mean = Ball(0)
    for index in 0..<count where !p.isGreatest(index) {
      mean = mean + p.term(index) * p.distance(index)
    }
    mean = mean / p.total
    guard function == .entropyGradient else {
      let value = p.logarithm + mean / temperature
      return writer.put(MagnitudeEnclosure(value, isPositive: true), at: 0)
    }
    // Of equal logits all are 0.
    for index in 0..<count {
      let value =
        p.isConstant
        ? MagnitudeEnclosure(exactly: 0)
        : MagnitudeEnclosure(
          p.probability(index) * (p.distance(index) - mean) / temperature / temperature)
      writer.put(value, at: index)
    }
  }

  private func fill(
    _ p: BallRow, _ q: BallRow, _ count: Int, _ scratch: BallColumn, _ writer: CertifiedWriter
  ) {
    let isSame = (0..<count).allSatisfy {
      let (d, e) = (p.distance($0), q.distance($0))
      return d.high == e.high && d.low == e.low && d.high.isFinite
    }
    if isSame, function != .crossEntropy {
      for index in 0..<(function.hasOutputPerClass ? count : 1) {
        writer.put(MagnitudeEnclosure(exactly: 0), at: index)
      }
      return
    }
    let pair = BallPair(p, q, temperature: temperature)
    switch function {
    case .klDivergence, .crossEntropy:
      writer.put(divergence(p, q, count), at: 0)
      if function == .klDivergence, writer.isUndecided(at: 0) {
        writer.put(pair.divergence(count, scratch), at: 0)
      }
    case .klDivergenceGradient, .crossEntropyGradient:
      fillDifferences(pair, count, scratch, writer)
    case .jsDivergence: writer.put(pair.meanDivergence(count, scratch), at: 0)
    default: fillMeanDerivatives(pair, count, scratch, writer)
    }
  }

  /// With g one of the greatest of y: d_g/T + Lx − Ly + Σ' qⱼ(dⱼ − eⱼ − d_g)/T over the others, and without e and Ly
  /// the cross-entropy.
  private func divergence(_ p: BallRow, _ q: BallRow, _ count: Int) -> MagnitudeEnclosure? {
    let leading = p.distance(q.greatest)
    var sum = Ball(0)
    for index in 0..<count where index != q.greatest {
      var distance = p.distance(index) - leading
      if function == .klDivergence { distance = distance - q.distance(index) }
      sum = sum + q.term(index) * distance
    }
    let logarithm = function == .klDivergence ? p.logarithm - q.logarithm : p.logarithm
    let value = leading / temperature + (logarithm + sum / q.total / temperature)
    return MagnitudeEnclosure(value)
  }

  /// (p − q)/T, by the differences of the rows where that leaves too few digits.
  private func fillDifferences(
    _ pair: BallPair, _ count: Int, _ scratch: BallColumn, _ writer: CertifiedWriter
  ) {
    let (p, q) = (pair.p, pair.q)
    func put(_ value: Ball, at index: Int) {
      guard var enclosure = MagnitudeEnclosure(value / temperature) else { return }
      if temperature.isOne { enclosure.ceiling = 1 }
      writer.put(enclosure, at: index)
    }
    for index in 0..<count {
      let isLeading = [p, q].allSatisfy { $0.isGreatest(index) && $0.maximumCount == 1 }
      put(
        isLeading
          ? q.complement(index) - p.complement(index)
          : p.probability(index) - q.probability(index), at: index)
    }
    guard (0..<count).contains(where: writer.isUndecided) else { return }
    let sum = pair.fillExcesses(count, scratch)
    for index in 0..<count where writer.isUndecided(at: index) {
      put(p.probability(index) * sum - scratch[index], at: index)
      guard writer.isUndecided(at: index) else { continue }
      // Both are next to nothing: the greater one is.
      let logarithm = pair.logarithm(index)
      let greater = logarithm.high < 0 ? q : p
      guard logarithm.hasSign, isVanishing(greater.distance(index)) else { continue }
      writer.put(.vanishing(isNegative: logarithm.high < 0), at: index)
    }
  }

  /// Whether e^(−d/T)·2^k/T is below 2⁻¹¹¹⁵: it is for d/T above 776 + k·log 2, unless T is below 1.
  private func isVanishing(_ distance: Ball, timesPowerOfTwo k: Int = 0) -> Bool {
    temperature.high >= 1 && (distance / temperature).high > 776 + 0.7 * Double(k)
  }

  /// ½ p·slope/T of each class, with slope log(p/m) less its mean over p: both less that of one class, where
  /// log 2 leaves them.
  private func fillMeanDerivatives(
    _ pair: BallPair, _ count: Int, _ scratch: BallColumn, _ writer: CertifiedWriter
  ) {
    var mean = Ball(0)
    var signs = (isPositive: false, isNegative: false)
    for index in 0..<count where index != pair.greatest {
      let logarithm = pair.relativeLogarithm(index)
      let shift = pair.shift(index)
      if !shift.isZero {
        if shift.high > -shift.error { signs.isPositive = true }
        if shift.high < shift.error { signs.isNegative = true }
      }
      scratch[index] = logarithm
      mean = mean + pair.p.probability(index) * logarithm
    }
    // Of one sign, so is their mean, however small.
    let sign: Bool? = signs.isPositive == signs.isNegative ? nil : signs.isPositive
    for index in 0..<count {
      let isGreatest = index == pair.greatest
      let value = isGreatest ? -mean : scratch[index] - mean
      writer.put(derivative(pair.p, index, value, isNegative: isGreatest ? sign : nil), at: index)
    }
  }

  /// - Parameter isNegative: The sign of the slope, where it is known without its value.
  private func derivative(
    _ p: BallRow, _ index: Int, _ slope: Ball, isNegative: Bool?
  ) -> MagnitudeEnclosure? {
    guard slope.error.isFinite, slope.hasSign || isNegative != nil else { return nil }
    let isNegative = isNegative ?? (slope.high < 0)
    let exponent = (slope.high.magnitude + slope.error).exponent
    if isVanishing(p.distance(index), timesPowerOfTwo: max(exponent + 1, 0)) {
      return .vanishing(isNegative: isNegative)
    }
    let value = p.probability(index) * slope * Ball(0.5) / temperature
    var enclosure = MagnitudeEnclosure(isNegative ? -value : value, isPositive: true)
    enclosure?.isNegative = isNegative
    return enclosure
  }
}

extension LossFunction {
  /// Why values that are not rational are no breakpoints; `unsettled` where no theorem says so.
  func ground(of target: TargetKind, _ options: LossOptions) -> Ground {
    switch self {
    case _ where options.softcap != nil: .unsettled
    case .entropy, .klDivergence, .jsDivergence, .jsDivergenceGradient: .unsettled
    case .crossEntropy where target == .logits: .unsettled
    default: .lindemannWeierstrass
    }
  }
}
