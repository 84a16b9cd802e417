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
              fill(p, q, count, start + 4 * count, writer)
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
    _ p: BallRow, _ q: BallRow, _ count: Int, _ scratch: UnsafeMutablePointer<Double>,
    _ writer: CertifiedWriter
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
    switch function {
    case .klDivergence, .crossEntropy: writer.put(divergence(p, q, count), at: 0)
    case .klDivergenceGradient, .crossEntropyGradient:
      for index in 0..<count {
        let isLeading = [p, q].allSatisfy { $0.isGreatest(index) && $0.maximumCount == 1 }
        let value =
          isLeading
          ? q.complement(index) - p.complement(index)
          : p.probability(index) - q.probability(index)
        writer.put(MagnitudeEnclosure(value / temperature), at: index)
      }
    default: fillMeanDivergence(p, q, count, scratch, writer)
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

  /// The probabilities of a class, and the logarithms of 2p/(p + q) and 2q/(p + q): with ρ = log(p/q), which is known to
  /// more digits than the quotient, and e^−|ρ| the quotient, log 2 − log1p(e^−|ρ|) of the greater one and that less |ρ|
  /// of the other.
  private func shares(
    _ p: BallRow, _ q: BallRow, _ index: Int, _ logarithms: Ball
  ) -> (p: Ball, q: Ball, ofP: Ball, ofQ: Ball) {
    let (own, other) = (p.probability(index), q.probability(index))
    let ratio = (q.distance(index) - p.distance(index)) / temperature + logarithms
    let isLess = ratio.high < 0
    let (lesser, greater) = isLess ? (own, other) : (other, own)
    let quotient: Ball
    if greater.high > 4 * greater.error {
      quotient = lesser / greater
    } else if ratio.high.magnitude > 40 {
      // Both have been cut.
      quotient = Ball(LOPair(high: 0, low: 0), error: 0x1p-57)
    } else {
      quotient = Ball(LOPair(high: 0.5, low: 0), error: 0.6)
    }
    let larger = Self.logarithmOfTwo - quotient.logOnePlus
    let smaller = larger + (isLess ? ratio : -ratio)
    return isLess ? (own, other, smaller, larger) : (own, other, larger, smaller)
  }

  private static let logarithmOfTwo = Ball(1).logOnePlus

  /// - Parameter scratch: Room for three numbers for each class.
  private func fillMeanDivergence(
    _ p: BallRow, _ q: BallRow, _ count: Int, _ scratch: UnsafeMutablePointer<Double>,
    _ writer: CertifiedWriter
  ) {
    let logarithms = q.logarithm - p.logarithm
    let isGradient = function == .jsDivergenceGradient
    var (mean, sum) = (Ball(0), Ball(0))
    for index in 0..<count {
      let share = shares(p, q, index, logarithms)
      mean = mean + share.p * share.ofP
      guard isGradient else {
        sum = sum + share.q * share.ofQ
        continue
      }
      scratch[3 * index] = share.ofP.high
      scratch[3 * index + 1] = share.ofP.low
      scratch[3 * index + 2] = share.ofP.error
    }
    guard isGradient else {
      return writer.put(MagnitudeEnclosure((mean + sum) * Ball(0.5)), at: 0)
    }
    for index in 0..<count {
      let pair = LOPair(high: scratch[3 * index], low: scratch[3 * index + 1])
      let slope = Ball(pair, error: scratch[3 * index + 2]) - mean
      writer.put(derivative(p, index, slope), at: index)
    }
  }

  /// ½ p·slope/T, whose sign is that of the slope.
  private func derivative(_ p: BallRow, _ index: Int, _ slope: Ball) -> MagnitudeEnclosure? {
    guard slope.high.magnitude > 2 * slope.error else { return nil }
    let isNegative = slope.high < 0
    // e^−d·2^k is below 2⁻¹¹¹⁵ for d above 776 + k·log 2.
    let distance = (p.distance(index) / temperature).high
    if distance > 776 + 0.7 * Double(max(slope.high.exponent + 1, 0)), temperature.high >= 1 {
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
  func ground(of target: TargetKind) -> Ground {
    switch self {
    case .entropy, .klDivergence, .jsDivergence, .jsDivergenceGradient: .unsettled
    case .crossEntropy where target == .logits: .unsettled
    default: .lindemannWeierstrass
    }
  }
}
