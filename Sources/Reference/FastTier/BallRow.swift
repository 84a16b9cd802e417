internal import FastKernels

/// A row of two or more finite logits x over a temperature T, as its functions need it: with m the greatest
/// logit, which k of them attain, the terms e^((x − m)/T), their sum R over the others, and log1p(k − 1 + R).
///
/// The formulas are those of `LogitRow`.
struct BallRow {
  /// The logits and the terms of each; nil of those that are no doubles.
  private let numbers: BallTerms?
  /// Those that are no doubles; nil of doubles.
  private let transformed: TransformedLogits?
  /// m.
  let maximum: Ball
  /// The first index that attains it.
  let greatest: Int
  /// k.
  let maximumCount: Int
  /// R, positive unless all logits are equal.
  let rest: Ball
  /// k + R.
  let total: Ball
  /// log1p(k − 1 + R), positive.
  let logarithm: Ball

  /// Room for the pairs of a row.
  typealias Scratch = (high: UnsafeMutablePointer<Double>, low: UnsafeMutablePointer<Double>)

  /// - Parameters:
  ///   - transform: What is applied to the numbers first, NaN where it gives no double; nil for nothing.
  ///   - scratch: Room for the numbers of `BallTerms.scratchCount`.
  /// - Returns: nil for infinite or NaN logits, a single class, or more classes than a bound was proven for.
  init?(
    _ numbers: RowNumbers, _ transform: ExactDoubleTransform?, temperature: Double = 1,
    _ scratch: UnsafeMutablePointer<Double>
  ) {
    guard let numbers = BallTerms(numbers, transform, temperature: temperature, scratch) else {
      return nil
    }
    (self.numbers, transformed, greatest) = (numbers, nil, numbers.greatest)
    maximum = Ball(numbers.maximum)
    (rest, maximumCount) = (numbers.rest, numbers.maximumCount)
    total = rest + Ball(Double(maximumCount))
    logarithm = (rest + Ball(Double(maximumCount - 1))).logOnePlus
  }

  /// A row of logits that are known to within bounds.
  init(_ logits: TransformedLogits) {
    (numbers, transformed) = (nil, logits)
    (maximum, greatest) = (logits.maximum, logits.greatest)
    (rest, maximumCount) = (logits.rest, logits.maximumCount)
    total = rest + Ball(Double(maximumCount))
    logarithm = (rest + Ball(Double(maximumCount - 1))).logOnePlus
  }

  /// Whether the greatest logit is known to be above all that are not known to equal it. For what hangs on differences of
  /// logits any that is nearly the greatest does.
  func hasCertainMaximum(_ count: Int) -> Bool {
    (0..<count).allSatisfy { isGreatest($0) || distance($0).hasSign }
  }

  /// Whether the logits are doubles.
  var isOfDoubles: Bool { transformed == nil }

  /// Whether all logits are equal.
  var isConstant: Bool { rest.isZero }

  /// The term of a class.
  func term(_ index: Int) -> Ball {
    guard let numbers else {
      return isGreatest(index) ? Ball(1) : transformed?.term(index) ?? Ball(0)
    }
    return numbers.logit(index) == maximum.high ? Ball(1) : numbers.term(index)
  }

  /// m − x of a class.
  func distance(_ index: Int) -> Ball {
    guard let numbers else { return transformed?.distance(index) ?? Ball(0) }
    return .difference(maximum.high, numbers.logit(index))
  }

  /// Whether the class is one of the greatest.
  func isGreatest(_ index: Int) -> Bool {
    guard let numbers else { return distance(index).isZero }
    return numbers.logit(index) == maximum.high
  }

  /// The derivative of a class's logit by the number that it was made of; nil where all have one.
  func slope(_ index: Int) -> Ball? { transformed?.slope(index) }

  /// 2q, where q = |s·x|/c is so great that e^−2q, which the derivative of c·tanh(s·x/c) is made of, was cut.
  func saturation(_ index: Int) -> Ball? { transformed?.saturation(index) }

  /// The probability of a class.
  func probability(_ index: Int) -> Ball { term(index) / total }

  /// 1 less the probability of a class, a sum of positive terms over the total.
  func complement(_ index: Int) -> Ball {
    guard !isGreatest(index) else {
      return (rest + Ball(Double(maximumCount - 1))) / total
    }
    return (total - term(index)) / total
  }

  /// −log of the probability of a class.
  func loss(_ index: Int, temperature: Ball) -> Ball {
    distance(index) / temperature + logarithm
  }
}

extension BallRow {
  /// A factor times the probability of a class, however small that is.
  ///
  /// - Parameter temperature: The row's own.
  func share(_ index: Int, times factor: Ball, temperature: Ball) -> MagnitudeEnclosure? {
    if factor.isZero { return MagnitudeEnclosure(exactly: 0) }
    guard factor.hasSign, factor.error.isFinite else { return nil }
    let term = term(index)
    guard term.high < Ball.cut else { return MagnitudeEnclosure(factor * (term / total)) }
    return MagnitudeEnclosure(
      factor / total, timesExponentialOfNegative: distance(index) / temperature)
  }

  /// Σ f·e^−((d − L)/T) over the classes that are not the greatest, and L/T, with L the least of their distances; nil of
  /// equal logits.
  func sumOfOthers(
    _ count: Int, temperature: Ball, _ factor: (Int) -> Ball
  ) -> (sum: Ball, least: Ball)? {
    Ball.scaledSum(
      (0..<count).filter { !isGreatest($0) }, temperature: temperature, distance: distance,
      factor: factor)
  }

  /// Σ f·e^−d over the classes at distances d over T that are not the greatest, f being 1 or 1 + d, where one is and all
  /// others are above 500, which the kernels cut in part. That is R, log1p(R) and R/(1 + R), or the entropy, to within
  /// 2R of itself, and with K ≤ 2²⁴ classes R is below 2⁻⁶⁹⁷.
  func farSum(
    temperature: Ball = Ball(1), _ factor: (Ball) -> Ball = { _ in Ball(1) }
  ) -> MagnitudeEnclosure? {
    guard maximumCount == 1, rest.high < 0x1p-690 else { return nil }
    let count = numbers?.count ?? transformed?.count ?? 0
    let slack = 0.7 * Double(Double(count).exponent + 3)
    var (sum, isVanishing) = (Ball(0), true)
    for index in 0..<count where !isGreatest(index) {
      let distance = distance(index) / temperature
      // One that overflows may be any number of a great temperature.
      guard distance.high - distance.error > 500, distance.high.isFinite || temperature.isOne
      else { return nil }
      // (1 + d)·e^−d is below 2⁻²⁸⁷⁰.
      if distance.high - distance.error > 2000 {
        sum = sum + .nextToNothing
        continue
      }
      // K·(1 + d)·e^−d is below e^−776, which is below 2⁻¹¹¹⁵.
      let size = 0.7 * Double((1 + distance.high).exponent + 1)
      if distance.high - distance.error < 776 + slack + size { isVanishing = false }
      sum = sum + factor(distance) * .farExponential(distance)
    }
    if isVanishing { return .vanishing(isNegative: false) }
    sum.error += sum.high * 0x1p-600
    guard sum.hasSign else { return nil }
    var number = MagnitudeEnclosure(sum)
    number?.exponent = Ball.farExponent
    return number
  }

  /// The plain probability of a class, at most 1/k.
  func enclosedProbability(_ index: Int) -> MagnitudeEnclosure? {
    if isConstant, let exact = reciprocalOfCount { return MagnitudeEnclosure(exactly: exact) }
    guard var enclosure = share(index, times: Ball(1), temperature: Ball(1)) else { return nil }
    if !isConstant, enclosure.exponent == 0, let limit = reciprocalOfCount {
      enclosure.ceiling.high = limit
    }
    enclosure.isRational = isConstant
    return enclosure
  }

  /// The plain gradient by the logit of the label, −(1 − p).
  func enclosedComplement(_ index: Int) -> MagnitudeEnclosure? {
    if isConstant, let reciprocal = reciprocalOfCount {
      return MagnitudeEnclosure(exactly: reciprocal - 1)
    }
    if isGreatest(index), var number = farSum() {
      number.isNegative = true
      return number
    }
    guard var enclosure = MagnitudeEnclosure(magnitude: complement(index), isNegative: true)
    else { return nil }
    enclosure.ceiling.high = 1
    enclosure.isRational = isConstant
    if !isConstant, isGreatest(index), let reciprocal = reciprocalOfCount {
      enclosure.floor.high = 1 - reciprocal
    }
    return enclosure
  }

  /// 1/k, where that is a double.
  private var reciprocalOfCount: Double? {
    maximumCount & (maximumCount - 1) == 0 ? 1 / Double(maximumCount) : nil
  }

  /// The plain loss of a class, (m − x) + log1p(k − 1 + R).
  func enclosedLoss(_ index: Int, isNegative: Bool = false) -> MagnitudeEnclosure? {
    if isGreatest(index), var number = farSum() {
      number.isNegative = isNegative
      return number
    }
    return Self.enclosed(head: distance(index), tail: logarithm, isNegative: isNegative)
  }

  /// A head that is 0 or positive, and a positive tail.
  static func enclosed(head: Ball, tail: Ball, isNegative: Bool = false) -> MagnitudeEnclosure? {
    guard head.high.isFinite else { return nil }
    if head.high > 0, head.error == 0 {
      return MagnitudeEnclosure(
        head: LOPair(high: head.high, low: head.low), tail: tail, isNegative: isNegative)
    }
    return MagnitudeEnclosure(magnitude: head + tail, isNegative: isNegative)
  }

  /// The log-sum-exp m + log1p(k − 1 + R), T being 1.
  var enclosedLogSumExp: MagnitudeEnclosure? {
    if maximum.isZero, let number = farSum() { return number }
    if maximum.high >= 0, maximum.error == 0 {
      return Self.enclosed(head: maximum, tail: logarithm)
    }
    return MagnitudeEnclosure(maximum + logarithm)
  }
}
