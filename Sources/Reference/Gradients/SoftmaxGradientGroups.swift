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
  private let gradOutput: SoftmaxGradient.Upstream
  /// The finite classes, by falling logits.
  private let order: [Int]
  /// Where the groups stand among these.
  private let groups: [Range<Int>]
  /// Whether g has the same mean over each group: then the value is 0 where gᵢ is that.
  private let haveOneMean: Bool

  init(_ row: LogitRow, _ gradOutput: SoftmaxGradient.Upstream) {
    self.row = row
    self.gradOutput = gradOutput
    let order = row.logits.indices.filter { row[$0].isFinite }
      .sorted { row[$1].isLess(than: row[$0]) }
    var starts = [0]
    for place in order.indices.dropFirst()
    where !row[order[place]].isNumericallyEqual(to: row[order[place - 1]]) { starts.append(place) }
    groups = zip(starts, starts.dropFirst() + [order.count]).map { $0..<$1 }
    self.order = order
    let first = groups[0]
    let firstSum = Self.sum(gradOutput, order[first])
    haveOneMean = groups.dropFirst().allSatisfy { group in
      BigFloat.exactProduct(Self.sum(gradOutput, order[group]), BigFloat(first.count))
        .isEqual(to: .exactProduct(firstSum, BigFloat(group.count)))
    }
  }

  private static func sum(
    _ gradOutput: SoftmaxGradient.Upstream, _ classes: ArraySlice<Int>
  ) -> BigFloat {
    var sum = BigFloat(0)
    for index in classes { sum = .exactSum(sum, gradOutput.exact(index)) }
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
      .exactProduct(BigFloat(classes.count), gradOutput.exact(index)),
      Self.sum(gradOutput, classes))
  }

  /// m − v of a group.
  private func distance(_ group: Int, _ precision: Int) -> HeadAndTail {
    row.distance(order[groups[group].lowerBound], precision: precision)
  }

  /// e^((e − d)/T).
  private func power(
    _ d: borrowing HeadAndTail, less e: borrowing HeadAndTail, _ precision: Int
  ) -> Enclosure {
    row.decay(.difference(d, e, precision: precision), precision: precision)
  }

  /// wᵢ·Σ c·w, below the greatest logit.
  private func product(_ index: Int, _ precision: Int) -> Enclosure {
    let place = groups.indices.first { !coefficient($0, index).isZero } ?? 0
    let leading = distance(place, precision)
    var sum = Enclosure.zero(precision: precision)
    for group in place..<groups.count {
      var term = power(distance(group, precision), less: leading, precision)
      term.multiply(by: coefficient(group, index), precision: precision)
      sum.add(term)
    }
    var own = row.distance(index, precision: precision)
    own.add(leading, precision: precision)
    sum.multiply(by: row.decay(own, precision: precision), precision: precision)
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
    let second = distance(1, precision)
    var squared = second.copy()
    squared.add(second, precision: precision)
    let place = groups.indices.dropFirst().first { !factor($0).isZero }
    var leading = squared.copy()
    if let place {
      let its = distance(place, precision)
      if first.isZero || its.isLess(than: squared, precision: precision) { leading = its.copy() }
    }
    var sum = Enclosure.zero(precision: precision)
    for group in (place ?? groups.count)..<groups.count {
      var term = power(distance(group, precision), less: leading, precision)
      term.multiply(by: factor(group), precision: precision)
      sum.add(term)
    }
    if !first.isZero {
      var rest = Enclosure.zero(precision: precision)
      for group in 1..<groups.count {
        var term = power(distance(group, precision), less: second, precision)
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
    sum.multiply(by: row.decay(leading, precision: precision), precision: precision)
    return sum
  }
}
