internal import FloatFormats
internal import Multiprecision

/// A row of logits x, divided by a temperature T, as softmax and its relatives see it.
///
/// Everything is expressed through the greatest logit m: with eⱼ = e^((xⱼ − m)/T) ≤ 1 and the sum of
/// the others S = Σ eⱼ over all j but one that attains m,
///
///     log Σ e^(xⱼ/T) = m/T + log1p(S),      softmaxᵢ = eᵢ / (1 + S).
///
/// All terms are positive, so S and log1p(S) keep their relative accuracy however small they are.
/// Logits of −∞ contribute nothing; with S left to the finite ones their limit is exact.
struct LogitRow {
  let logits: [FloatValue]
  let temperature: FloatValue
  /// What kind of limit, if any, the row calls for.
  let kind: Kind
  /// An index that attains the greatest logit; 0 where there is none.
  let maximumIndex: Int
  /// How many logits are finite.
  let finiteCount: Int
  /// Whether all finite logits are equal: the case in which softmax is rational.
  let isUniform: Bool

  enum Kind: Equatable {
    /// The greatest logit is finite.
    case finite
    /// A logit is NaN.
    case notANumber
    /// All logits are −∞: no limit exists.
    case empty
    /// So many logits are +∞: with one, softmax has the limit 1 there; with several it has none.
    case infinite(count: Int)
  }

  init(_ logits: [FloatValue], temperature: FloatValue?) {
    self.logits = logits
    self.temperature = temperature ?? .one
    var maximumIndex = 0
    var (finiteCount, infiniteCount, hasNaN) = (0, 0, false)
    for (index, logit) in logits.enumerated() {
      if logit.isNaN { hasNaN = true }
      if logit.isFinite { finiteCount += 1 }
      if logit.isInfinite, !logit.isNegative { infiniteCount += 1 }
      if logits[maximumIndex].isLess(than: logit) { maximumIndex = index }
    }
    let maximum = logits[maximumIndex]
    self.maximumIndex = maximumIndex
    self.finiteCount = finiteCount
    isUniform = logits.allSatisfy { !$0.isFinite || $0.isNumericallyEqual(to: maximum) }
    kind =
      if hasNaN { .notANumber } else if infiniteCount > 0 {
        .infinite(count: infiniteCount)
      } else if finiteCount == 0 { .empty } else { .finite }
  }

  /// The greatest logit.
  var maximum: FloatValue { logits[maximumIndex] }

  /// The bits lost to the number of terms and to the arguments of the exponentials: an argument d
  /// with an error of half an ulp changes e^d by the factor 1 + d·2^−p. Beyond the exponent range
  /// of every format in use e^d has underflowed and its digits do not matter.
  var precisionLoss: Int {
    let least = logits.lazy.filter(\.isFinite).compactMap(\.binaryExponent).max() ?? 0
    let temperatureExponent = temperature.binaryExponent ?? 0
    let argument = min(
      max(least - temperatureExponent + 1, 0), FloatFormat.exponentBitRange.upperBound)
    return argument + (Int.bitWidth - logits.count.leadingZeroBitCount) / 2
  }
}

// MARK: - Enclosures

extension LogitRow {
  /// The row's sum S, computed once for all that depends on it.
  struct Sum: ~Copyable {
    /// S, the sum of eⱼ over the finite logits but for one that attains the greatest.
    let others: Enclosure
    /// 1 + S.
    let total: Enclosure
    let precision: Int
  }

  /// e^((xᵢ − m)/T); the logit must be finite.
  func exponential(_ index: Int, maximum: borrowing BigFloat, precision: Int) -> Enclosure {
    var result = Enclosure.difference(BigFloat(logits[index]), maximum, precision: precision)
    if temperature != .one {
      result.divide(by: Enclosure(BigFloat(temperature)), precision: precision)
    }
    result.apply(.exponential, precision: precision)
    return result
  }

  /// Sums the exponentials.
  ///
  /// - Complexity: O(n) exponentials, O(1) memory.
  func sum(precision: Int) -> Sum {
    let maximum = BigFloat(self.maximum)
    var accumulation = ExponentialSum(maximum: maximum, precision: precision)
    for index in logits.indices where index != maximumIndex && logits[index].isFinite {
      if temperature != .one || !accumulation.add(logits[index]) {
        accumulation.add(exponential(index, maximum: maximum, precision: precision))
      }
    }
    let others = accumulation.enclosure
    var total = others.copy()
    total.add(BigFloat(1), precision: precision)
    return Sum(others: others, total: total, precision: precision)
  }

  /// log1p(S), the tail of the log-sum-exp.
  func logOnePlusOthers(_ sum: borrowing Sum) -> Enclosure {
    var result = sum.others.copy()
    result.apply(.logarithmOnePlus, precision: sum.precision)
    return result
  }

  /// One entry of the softmax.
  func softmax(_ index: Int, _ sum: borrowing Sum) -> SoftmaxEntry {
    guard logits[index].isFinite else { return .near(0, offset: Enclosure(0)) }
    if isUniform { return .share(of: finiteCount) }
    if index == maximumIndex, sum.others.upper.isLess(than: BigFloat(1)) {
      var offset = sum.others.copy()
      offset.divide(by: sum.total, precision: sum.precision)
      offset.negate()
      return .near(1, offset: offset)
    }
    var value = exponential(index, maximum: BigFloat(maximum), precision: sum.precision)
    value.divide(by: sum.total, precision: sum.precision)
    return .near(0, offset: value)
  }

  /// One entry of the softmax of a row with infinite logits, by its limit; nil where none exists.
  func softmaxLimit(_ index: Int) -> SoftmaxEntry? {
    guard case .infinite(let count) = kind else { return nil }
    let isInfinite = logits[index].isInfinite && !logits[index].isNegative
    guard isInfinite else { return .near(0, offset: Enclosure(0)) }
    return count == 1 ? .near(1, offset: Enclosure(0)) : nil
  }
}

/// An entry of a softmax, split so that no digits are lost near 0 and 1.
enum SoftmaxEntry: ~Copyable {
  /// Exactly 1/n: the case of n equal logits, rational by the theorem and taken out first.
  case share(of: Int)
  /// 0 or 1, plus an offset that is known to full relative accuracy.
  case near(Int, offset: Enclosure)
}
