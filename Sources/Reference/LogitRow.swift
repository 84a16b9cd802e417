internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// A row of logits x over a temperature T, as softmax and its relatives see it. What else stands before the
/// function (see `LogitTransform`) has been applied to the logits that `subscript` gives.
///
/// Everything is expressed through the greatest logit m, the number k of logits that attain it, and
/// the rest R = Σ e^((xⱼ − m)/T) over the others: with S = k − 1 + R,
///
///     log Σ e^(xⱼ/T) = m/T + log1p(S),      softmaxᵢ = e^((xᵢ − m)/T) / (k + R).
///
/// All terms are positive, so R and log1p(S) keep their relative accuracy however small they are.
/// Logits of −∞ contribute nothing; with S left to the finite ones their limit is exact.
struct LogitRow {
  /// The logits as they were given; in place of those that are exact sums 0, or −∞ for one that is masked.
  let logits: [FloatValue]
  /// The sums.
  private let sums: ExactLogits?
  let transform: LogitTransform
  /// What kind of limit, if any, the row calls for.
  let kind: Kind
  /// An index that attains the greatest logit; 0 where there is none.
  let maximumIndex: Int
  /// How many logits attain the greatest: k.
  let maximumCount: Int

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

  init(_ logits: [FloatValue], _ options: LossOptions) { self.init(logits, nil, options) }

  /// A row of exact sums.
  init(_ sums: ExactLogits, _ options: LossOptions) {
    let masked = FloatValue.infinity(isNegative: true)
    self.init((0..<sums.count).map { sums.isMasked($0) ? masked : .zero }, sums, options)
  }

  private init(_ logits: [FloatValue], _ sums: ExactLogits?, _ options: LossOptions) {
    (self.logits, self.sums) = (logits, sums)
    let transform = LogitTransform(options)
    self.transform = transform
    func logit(_ index: Int) -> TransformedLogit {
      transform(Self.source(index, logits, sums), of: index)
    }
    var maximumIndex = 0
    var maximum = logit(0)
    var (infiniteCount, hasNaN) = (0, false)
    for (index, source) in logits.enumerated() {
      let logit = logit(index)
      if logit.isNaN { hasNaN = true }
      if logit.isInfinite, !source.isNegative { infiniteCount += 1 }
      if maximum.isLess(than: logit) { (maximumIndex, maximum) = (index, logit) }
    }
    self.maximumIndex = maximumIndex
    maximumCount = logits.indices.count { logit($0).isNumericallyEqual(to: maximum) }
    kind =
      if hasNaN { .notANumber } else if infiniteCount > 0 {
        .infinite(count: infiniteCount)
      } else if !maximum.isFinite { .empty } else { .finite }
  }

  private static func source(
    _ index: Int, _ logits: [FloatValue], _ sums: ExactLogits?
  ) -> SourceLogit {
    guard let sums, !logits[index].isInfinite else { return .number(logits[index]) }
    return .sum(sums, index)
  }

  /// The logit of a class.
  subscript(index: Int) -> TransformedLogit {
    transform(Self.source(index, logits, sums), of: index)
  }

  /// The greatest logit.
  var maximum: TransformedLogit { self[maximumIndex] }

  /// T.
  var temperature: FloatValue { transform.temperature }

  /// Whether the logit of a class is +∞.
  func isPositiveInfinity(_ index: Int) -> Bool {
    self[index].isInfinite && !logits[index].isNegative
  }

  /// m − xᵢ of a finite logit.
  func distance(_ index: Int, precision: Int) -> HeadAndTail {
    maximum.distance(to: self[index], precision: precision)
  }

  /// The bits lost to the number of terms and to the arguments of the exponentials: an argument d
  /// with an error of half an ulp changes e^d by the factor 1 + d·2^−p. Beyond the exponent range
  /// of every format in use e^d has underflowed and its digits do not matter.
  var precisionLoss: Int {
    let loss =
      sums.map { transform.precisionLoss(greatestExponent: $0.greatestExponent) }
      ?? transform.precisionLoss(logits)
    return loss + (Int.bitWidth - logits.count.leadingZeroBitCount) / 2
  }
}

// MARK: - Enclosures

extension LogitRow {
  /// The row's sums, computed once for all that depends on them.
  struct Sum: ~Copyable {
    /// R; the point 0 where all finite logits are equal.
    let rest: Enclosure
    /// k + R.
    let total: Enclosure
    let precision: Int
  }

  /// e^((xᵢ − m)/T); the logit must be finite.
  func exponential(_ index: Int, precision: Int) -> Enclosure {
    var result: Enclosure
    let (logit, maximum) = (self[index], maximum)
    if logit.isExact, maximum.isExact {
      result = Enclosure.difference(logit.exact, maximum.exact, precision: precision)
    } else {
      result = maximum.distance(to: logit, precision: precision).enclosure(precision: precision)
      result.negate()
    }
    if temperature != .one {
      result.divide(by: Enclosure(BigFloat(temperature)), precision: precision)
    }
    result.apply(.exponential, precision: precision)
    return result
  }

  /// Sums the exponentials of what is below the greatest logit.
  ///
  /// - Complexity: O(n) exponentials, O(1) memory.
  func sum(precision: Int) -> Sum {
    let (maximum, isIdentity) = (maximum, transform.isIdentity)
    let exact = maximum.isExact ? maximum.exact : BigFloat(0)
    var accumulation = ExponentialSum(maximum: exact, precision: precision)
    for index in logits.indices {
      let logit = self[index]
      guard logit.isFinite, !logit.isNumericallyEqual(to: maximum) else { continue }
      if sums != nil || !isIdentity || !accumulation.add(logits[index]) {
        accumulation.add(exponential(index, precision: precision))
      }
    }
    let rest = accumulation.enclosure
    var total = rest.copy()
    total.add(BigFloat(maximumCount), precision: precision)
    return Sum(rest: rest, total: total, precision: precision)
  }

  /// log1p(S), the tail of the log-sum-exp.
  func logOnePlusOthers(_ sum: borrowing Sum) -> Enclosure {
    var result = sum.rest.copy()
    result.add(BigFloat(maximumCount - 1), precision: sum.precision)
    result.apply(.logarithmOnePlus, precision: sum.precision)
    return result
  }

  /// One entry of the softmax.
  ///
  /// Where a greatest logit has little beside it, it is 1/k − R/(k(k + R)): the exact 1/k can be, or
  /// lead to, a breakpoint that R alone decides, with R too small for any precision.
  func softmax(_ index: Int, _ sum: borrowing Sum) -> SoftmaxEntry {
    guard self[index].isFinite else { return SoftmaxEntry(0, offset: Enclosure(0)) }
    let isGreatest = self[index].isNumericallyEqual(to: maximum)
    if isGreatest, sum.rest.upper.isLess(than: BigFloat(1)) {
      var offset = sum.rest.copy()
      offset.divide(by: sum.total, precision: sum.precision)
      offset.divide(by: Enclosure(maximumCount), precision: sum.precision)
      offset.negate()
      return SoftmaxEntry(1, over: maximumCount, offset: offset)
    }
    var value = exponential(index, precision: sum.precision)
    value.divide(by: sum.total, precision: sum.precision)
    return SoftmaxEntry(0, offset: value)
  }

  /// One entry of the softmax of a row with infinite logits, by its limit; nil where none exists.
  func softmaxLimit(_ index: Int) -> SoftmaxEntry? {
    guard case .infinite(let count) = kind else { return nil }
    guard isPositiveInfinity(index) else { return SoftmaxEntry(0, offset: Enclosure(0)) }
    return count == 1 ? SoftmaxEntry(1, offset: Enclosure(0)) : nil
  }
}

/// An entry of a softmax, head/divisor + offset: split so that no digits are lost near 0 and near the
/// rational values, which have the offset 0.
struct SoftmaxEntry: ~Copyable {
  /// 0 or 1.
  let head: Int
  /// A number of logits.
  let divisor: Int
  /// What is left, to full relative accuracy.
  let offset: Enclosure

  init(_ head: Int, over divisor: Int = 1, offset: consuming Enclosure) {
    self.head = head
    self.divisor = divisor
    self.offset = offset
  }

  /// The entry, to be computed with.
  func enclosure(precision: Int) -> Enclosure {
    var result = Enclosure.quotient(BigFloat(head), BigFloat(divisor), precision: precision)
    result = .sum(result, offset, precision: precision)
    return result
  }

  /// 1 less the entry, without cancellation near 1.
  func complement(precision: Int) -> Enclosure {
    var result = Enclosure.quotient(
      BigFloat(divisor - head), BigFloat(divisor), precision: precision)
    var negated = offset.copy()
    negated.negate()
    result = .sum(result, negated, precision: precision)
    return result
  }
}
