internal import FloatFormats
internal import Multiprecision

/// The vector–Jacobian product of the softmax where its sums leave a sign open: where terms cancel exactly, or are too
/// small for any precision.
///
/// The finite logits stand in groups of equal ones, the greatest first, each with the logit v, its number n and the
/// sum G of its g. For one output the group counts with the exact c = n·gᵢ − G: what is 0 is left out, and the first
/// that is left taken out of the sum, so that the rest is small beside it.
struct SoftmaxGradientGroups {
  private let row: LogitRow
  private let gradOutput: [FloatValue]
  /// The finite classes, by falling logits.
  private let order: [Int]
  /// Where the groups stand among these.
  private let groups: [Range<Int>]
  /// Whether g has the same mean over each group: then the value is 0 where gᵢ is that.
  private let haveOneMean: Bool

  init(_ row: LogitRow, _ gradOutput: [FloatValue]) {
    self.row = row
    self.gradOutput = gradOutput
    let logits = row.logits
    let order = logits.indices.filter { logits[$0].isFinite }
      .sorted { logits[$1].isLess(than: logits[$0]) }
    var starts = [0]
    for place in order.indices.dropFirst()
    where logits[order[place]].isLess(than: logits[order[place - 1]]) { starts.append(place) }
    groups = zip(starts, starts.dropFirst() + [order.count]).map { $0..<$1 }
    self.order = order
    let first = groups[0]
    let firstSum = Self.sum(gradOutput, order[first])
    haveOneMean = groups.dropFirst().allSatisfy { group in
      BigFloat.exactProduct(Self.sum(gradOutput, order[group]), BigFloat(first.count))
        .isEqual(to: .exactProduct(firstSum, BigFloat(group.count)))
    }
  }

  private static func sum(_ gradOutput: [FloatValue], _ classes: ArraySlice<Int>) -> BigFloat {
    var sum = BigFloat(0)
    for index in classes { sum = .exactSum(sum, BigFloat(gradOutput[index])) }
    return sum
  }

  /// The value at a finite logit.
  func quotient(_ index: Int, _ sum: borrowing LogitRow.Sum, precision: Int) -> HeadAndTail {
    let first = coefficient(0, index)
    if haveOneMean, first.isZero { return .zero() }
    let temperature = BigFloat(row.temperature)
    let count = BigFloat(groups[0].count)
    let square = BigFloat.exactProduct(count, count)
    let denominator = BigFloat.exactProduct(square, temperature)
    guard groups.count > 1 else {
      return HeadAndTail(head: first, tail: Enclosure(0), denominator: denominator)
    }
    let isGreatest = row[index].isNumericallyEqual(to: row.maximum)
    var tail = isGreatest ? tail(first, index, precision: precision) : product(index, precision)
    tail.divide(by: sum.total, precision: precision)
    tail.divide(by: sum.total, precision: precision)
    return isGreatest
      ? HeadAndTail(head: first, tail: tail, denominator: denominator)
      : HeadAndTail(head: BigFloat(0), tail: tail, denominator: temperature)
  }

  /// n·gᵢ − G of a group.
  private func coefficient(_ group: Int, _ index: Int) -> BigFloat {
    let classes = order[groups[group]]
    return .exactDifference(
      .exactProduct(BigFloat(classes.count), BigFloat(gradOutput[index])),
      Self.sum(gradOutput, classes))
  }

  /// v − m of a group, exactly.
  private func distance(_ group: Int) -> BigFloat {
    .exactDifference(
      BigFloat(row.logits[order[groups[group].lowerBound]]), BigFloat(row.logits[row.maximumIndex]))
  }

  /// e^((d − e)/T).
  private func power(
    _ d: borrowing BigFloat, less e: borrowing BigFloat, _ precision: Int
  ) -> Enclosure {
    var result = Enclosure(BigFloat.exactDifference(d, e))
    if row.temperature != .one {
      result.divide(by: Enclosure(BigFloat(row.temperature)), precision: precision)
    }
    result.apply(.exponential, precision: precision)
    return result
  }

  /// wᵢ·Σ c·w, below the greatest logit.
  private func product(_ index: Int, _ precision: Int) -> Enclosure {
    let place = groups.indices.first { !coefficient($0, index).isZero } ?? 0
    let leading = distance(place)
    var sum = Enclosure.zero(precision: precision)
    for group in place..<groups.count {
      var term = power(distance(group), less: leading, precision)
      term.multiply(by: coefficient(group, index), precision: precision)
      sum.add(term)
    }
    let own = BigFloat.exactDifference(
      BigFloat(row.logits[index]), BigFloat(row.logits[row.maximumIndex]))
    sum.multiply(
      by: power(.exactSum(own, leading), less: BigFloat(0), precision), precision: precision)
    return sum
  }

  /// Σ (k²c − 2k·c₁·n)·w − c₁R² over the groups but the first, for c₁ that of the first.
  private func tail(
    _ first: borrowing BigFloat, _ index: Int, precision: Int
  ) -> Enclosure {
    let count = BigFloat(groups[0].count)
    let square = BigFloat.exactProduct(count, count)
    var twice = BigFloat.exactProduct(count, first)
    twice.scale(byPowerOfTwo: 1, rounding: .nearestEven)
    func factor(_ group: Int) -> BigFloat {
      .exactDifference(
        .exactProduct(square, coefficient(group, index)),
        .exactProduct(twice, BigFloat(groups[group].count)))
    }
    // R² = w₂²·(Σ n·w/w₂)².
    let second = distance(1)
    let squared = BigFloat.exactSum(second, second)
    let place = groups.indices.dropFirst().first { !factor($0).isZero }
    var leading = place.map { distance($0) } ?? squared.copy()
    if !first.isZero, leading.isLess(than: squared) { leading = squared.copy() }
    var sum = Enclosure.zero(precision: precision)
    for group in (place ?? groups.count)..<groups.count {
      var term = power(distance(group), less: leading, precision)
      term.multiply(by: factor(group), precision: precision)
      sum.add(term)
    }
    if !first.isZero {
      var rest = Enclosure.zero(precision: precision)
      for group in 1..<groups.count {
        var term = power(distance(group), less: second, precision)
        term.multiply(by: BigFloat(groups[group].count), precision: precision)
        rest.add(term)
      }
      var term = rest.copy()
      term.multiply(by: rest, precision: precision)
      term.multiply(by: power(squared, less: leading, precision), precision: precision)
      term.multiply(by: first, precision: precision)
      term.negate()
      sum.add(term)
    }
    sum.multiply(by: power(leading, less: BigFloat(0), precision), precision: precision)
    return sum
  }
}
