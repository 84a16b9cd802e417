internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// A row of logits v = b + g(s·x) that are known to within bounds, with g(y) = y or c·tanh(y/c): what `LogitTransform`
/// makes of a row. With m one of the greatest, the distances m − v, the terms e^((v − m)/T) and the derivatives by x.
struct TransformedLogits {
  let count: Int
  /// m; no other logit is known to be above it.
  let maximum: Ball
  /// Its index, the first of the equal ones.
  let greatest: Int
  /// m − v: 0 exactly where the logits are equal.
  let distances: BallColumn
  let terms: BallColumn
  private let slopes: BallColumn?
  /// 2|s·x|/c, under a soft cap.
  private let doubled: BallColumn

  /// The numbers of scratch memory that a class needs.
  static let scratchPerClass = 15

  /// - Parameter scratch: Room for `scratchPerClass` numbers for each class.
  /// - Returns: nil for infinite and NaN logits, a single class, or more classes than a bound was proven for.
  init?(
    _ logits: UnsafeBufferPointer<Double>, _ transform: BallTransform,
    _ scratch: UnsafeMutablePointer<Double>
  ) {
    count = logits.count
    guard count > 1, Double(count) <= lo_greatestClassCount, logits.allSatisfy(\.isFinite) else {
      return nil
    }
    distances = BallColumn(scratch)
    terms = BallColumn(scratch + 3 * count)
    slopes = transform.softcap == nil ? nil : BallColumn(scratch + 6 * count)
    doubled = BallColumn(scratch + 9 * count)
    let arguments = scratch + 12 * count
    transform.apply(
      logits, values: distances, slopes: slopes, doubled: doubled, decays: terms, arguments)
    var greatest = 0
    for index in 1..<count where distances[index].isAbove(distances[greatest]) { greatest = index }
    self.greatest = greatest
    maximum = distances[greatest]
    for index in 0..<count {
      let isEqual = transform.areEqual(logits, index, greatest)
      var distance = isEqual ? Ball(0) : maximum - distances[index]
      // It may be below 0 by what is not known of the greater one.
      if !isEqual, distance.high < 0 {
        distance = Ball(LOPair(high: 0, low: 0), error: distance.error - 2 * distance.high)
      }
      guard distance.error.isFinite else { return nil }
      distances[index] = distance
      terms[index] = distance / transform.temperature
    }
    terms.exponentiate(count, arguments)
  }

  func slope(_ index: Int) -> Ball? { slopes?[index] }

  func saturation(_ index: Int) -> Ball? {
    slopes == nil || doubled[index].high < 550 ? nil : doubled[index]
  }
}

/// What options put before a row: see `LogitTransform`.
struct BallTransform {
  let temperature: Ball
  private let scale: Ball
  fileprivate let softcap: Double?
  private let biases: [Double]?

  /// - Returns: nil where the logits stay as they are.
  init?(_ options: LossOptions) {
    guard options.scale != nil || options.softcap != nil || options.logitBias != nil else {
      return nil
    }
    temperature = Ball(options.temperature?.double ?? 1)
    scale = Ball(options.scale?.double ?? 1)
    softcap = options.softcap?.double
    biases = options.logitBias?.map(\.double)
  }

  /// Whether two logits of a row are certainly equal: where nothing but equal numbers goes into them.
  fileprivate func areEqual(
    _ logits: UnsafeBufferPointer<Double>, _ index: Int, _ other: Int
  ) -> Bool {
    logits[index] == logits[other] && (biases.map { $0[index] == $0[other] } ?? true)
  }

  /// The logits, and their derivatives by the numbers given.
  ///
  /// - Parameters:
  ///   - doubled: Where 2|s·x|/c are left.
  ///   - decays: Where e^(−2|s·x|/c) are left.
  ///   - arguments: Room for three numbers for each class.
  fileprivate func apply(
    _ logits: UnsafeBufferPointer<Double>, values: BallColumn, slopes: BallColumn?,
    doubled: BallColumn, decays: BallColumn, _ arguments: UnsafeMutablePointer<Double>
  ) {
    let count = logits.count
    if let softcap, let slopes {
      let cap = Ball(softcap)
      for index in 0..<count {
        let scaled = (Ball(logits[index]) * scale).magnitude / cap
        (doubled[index], decays[index]) = (scaled + scaled, scaled + scaled)
      }
      decays.exponentiate(count, arguments)
      for index in 0..<count {
        let (twice, decay) = (doubled[index], decays[index])
        values[index] = Self.capped(twice, decay, cap, isNegative: logits[index] < 0)
        // tanh′ q = 4t/(1 + t)².
        let sum = decay + Ball(1)
        slopes[index] = twice.isZero ? scale : Ball(4) * decay / sum / sum * scale
      }
    } else {
      for index in 0..<count { values[index] = Ball(logits[index]) * scale }
    }
    guard let biases else { return }
    for index in 0..<count { values[index] = values[index] + Ball(biases[index]) }
  }

  /// ±c·tanh q with tanh q = (1 − t)/(1 + t), t = e^(−2q).
  private static func capped(_ doubled: Ball, _ decay: Ball, _ cap: Ball, isNegative: Bool) -> Ball
  {
    let lost = PowerSeries.expMinusOne(-doubled) ?? decay - Ball(1)
    let value = cap * lost / (decay + Ball(1))
    return isNegative ? value : -value
  }

  /// The logit that one becomes.
  func value(_ logit: Double, of index: Int) -> Ball {
    var value = Ball(logit) * scale
    if let softcap {
      let quotient = value.magnitude / Ball(softcap)
      let doubled = quotient + quotient
      value = Self.capped(
        doubled, doubled.exponentialOfNegative, Ball(softcap), isNegative: logit < 0)
    }
    return biases.map { value + Ball($0[index]) } ?? value
  }
}
