internal import FastKernels
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Certified values of entropies, divergences and cross-entropies with target logits, in balls that carry their own
/// bounds: the formulas of `SoftmaxEntropy`, `KLDivergence`, `KLDivergenceGradient` and `JSDivergence`.
///
/// It leaves undecided: infinite and NaN logits, a single class, numbers beyond float64, probabilities below 2⁻⁸⁶⁵ in
/// the Jensen–Shannon divergence, and what cancels or lies on a breakpoint, as the divergences of rows that differ by
/// few ulps do.
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
          withAlignedScratch(of: Double.self, capacity: 4 * count) { scratch in
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
              fill(p, q, count, writer)
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

  private func fill(_ p: BallRow, _ q: BallRow, _ count: Int, _ writer: CertifiedWriter) {
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
    default: fillMeanDivergence(p, q, count, writer)
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

  private func fillMeanDivergence(
    _ p: BallRow, _ q: BallRow, _ count: Int, _ writer: CertifiedWriter
  ) {
    let logarithms = q.logarithm - p.logarithm
    let logarithmOfTwo = Ball(1).logOnePlus
    /// The probabilities of a class, and the logarithms of 2p/(p + q) and 2q/(p + q).
    func shares(_ index: Int) -> (p: Ball, q: Ball, ofP: Ball, ofQ: Ball)? {
      let (own, other) = (p.probability(index), q.probability(index))
      guard own.high > 4 * own.error, other.high > 4 * other.error else { return nil }
      // e^−|ρ| is the quotient of the two, and its logarithm known to more digits.
      var ratio = (q.distance(index) - p.distance(index)) / temperature + logarithms
      let isLess = own.high <= other.high
      if !isLess { ratio = -ratio }
      let quotient = isLess ? own / other : other / own
      let larger = logarithmOfTwo - quotient.logOnePlus
      let smaller = larger + ratio
      return isLess ? (own, other, smaller, larger) : (own, other, larger, smaller)
    }
    var (mean, sum) = (Ball(0), Ball(0))
    for index in 0..<count {
      guard let share = shares(index) else { return }
      mean = mean + share.p * share.ofP
      sum = sum + share.q * share.ofQ
    }
    let half = Ball(0.5)
    guard function == .jsDivergenceGradient else {
      return writer.put(MagnitudeEnclosure((mean + sum) * half), at: 0)
    }
    for index in 0..<count {
      guard let share = shares(index) else { return }
      writer.put(
        MagnitudeEnclosure(share.p * (share.ofP - mean) * half / temperature), at: index)
    }
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
