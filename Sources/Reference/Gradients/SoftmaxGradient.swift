internal import FloatFormats
internal import Multiprecision

/// pᵢ·(gᵢ − Σ pⱼgⱼ) / T with p = softmax(x/T): the vector–Jacobian product of the softmax, x being what
/// `LogitTransform` makes of the logits.
///
/// With w = e^((x − m)/T), Z = k + R their sum (see `LogitRow`), G the sum of the g of the k greatest logits and
/// S = Σ gⱼwⱼ over the others, it is wᵢ·(c + E) / (Z²T) with the exact c = k·gᵢ − G and E = gᵢR − S.
///
/// **Ground.** Multiplied by Z², the value v makes Σⱼ(gᵢ − gⱼ)·e^(xᵢ + xⱼ) = v·Σ e^(xⱼ + x_l), a relation between
/// exponentials. By Lindemann and Weierstrass an algebraic v makes all its coefficients vanish: that of twice the
/// greatest logit and that of twice the least, at one of which xᵢ does not stand unless all logits are equal. So v is
/// transcendental or 0 in a row of several different logits, and it is 0 only where gᵢ is the mean of g over each
/// group of equal logits. In a row of equal logits it is (n·gᵢ − Σ gⱼ)/n².
///
/// For a greatest logit v is c/k² and a tail, [k²E − cR(2k + R)] / (k²Z²): c/k² may be a breakpoint. What decides
/// neither sign is left to `SoftmaxGradientGroups`.
struct SoftmaxGradient: ExactFunction {
  let row: LogitRow
  let gradOutput: Upstream

  /// What the outputs of the softmax are multiplied by.
  enum Upstream {
    /// Numbers that were given.
    case given([FloatValue])
    /// −x of the finite logits, where these are dyadic rationals.
    case negatedLogits(LogitRow)

    /// g of a class with a finite logit.
    func exact(_ index: Int) -> BigFloat {
      switch self {
      case .given(let numbers): return BigFloat(numbers[index])
      case .negatedLogits(let row):
        var number = row[index].exact
        number.negate()
        return number
      }
    }

    /// What may not be finite.
    var given: [FloatValue] { if case .given(let numbers) = self { numbers } else { [] } }
  }

  init(row: LogitRow, gradOutput: [FloatValue]) {
    self.init(row: row, .given(gradOutput))
  }

  init(row: LogitRow, _ gradOutput: Upstream) {
    self.row = row
    self.gradOutput = gradOutput
  }

  var count: Int { row.logits.count }
  var ground: Ground { row.transform.ground }
  var precisionLoss: Int { row.precisionLoss }
  /// The leading terms of a row that is made for it cancel so far that the next ones are beyond any precision.
  var greatestPrecision: Int { ground == .unsettled ? Certification.precisionCap : 1 << 20 }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    guard !gradOutput.given.contains(where: \.isNaN) else {
      for index in indices { receive(index, .limit(.notANumber)) }
      return
    }
    if let infinite = InfiniteTerms(gradOutput.given) {
      return encloseInfinite(infinite, indices, precision: precision, receive)
    }
    guard row.kind == .finite else {
      // Of one infinite logit all products p(1 − p) and pp' are 0.
      for index in indices {
        receive(index, row.softmaxLimit(index) == nil ? .limit(.notANumber) : .real(.zero()))
      }
      return
    }
    let sums = Sums(self, precision: precision)
    var groups: SoftmaxGradientGroups?
    for index in indices {
      guard row[index].isFinite else {
        receive(index, .real(.zero()))
        continue
      }
      if let number = quotient(index, sums, precision: precision) {
        receive(index, .real(number))
        continue
      }
      let known = groups ?? SoftmaxGradientGroups(row, gradOutput)
      groups = known
      receive(index, .real(known.quotient(index, sums.row, precision: precision)))
    }
  }

  private struct Sums: ~Copyable {
    let row: LogitRow.Sum
    /// G.
    let greatest: BigFloat
    /// S.
    let others: Enclosure

    init(_ function: SoftmaxGradient, precision: Int) {
      let row = function.row
      self.row = row.sum(precision: precision)
      var greatest = BigFloat(0)
      var others = Enclosure.zero(precision: precision)
      for index in row.logits.indices where row[index].isFinite {
        let number = function.gradOutput.exact(index)
        if row[index].isNumericallyEqual(to: row.maximum) {
          greatest = .exactSum(greatest, number)
        } else if !number.isZero {
          var term = row.exponential(index, precision: precision)
          term.multiply(by: number, precision: precision)
          others.add(term)
        }
      }
      self.greatest = greatest
      self.others = others
    }
  }

  /// The value by the sums; nil where a sign is not certain, or there is but one group of equal logits.
  private func quotient(
    _ index: Int, _ sums: borrowing Sums, precision: Int
  ) -> HeadAndTail? {
    guard !sums.row.rest.isPoint else { return nil }
    let number = gradOutput.exact(index)
    let count = BigFloat(row.maximumCount)
    let head = BigFloat.exactDifference(.exactProduct(count, number), sums.greatest)
    var excess = sums.row.rest.copy()
    excess.multiply(by: number, precision: precision)
    var others = sums.others.copy()
    others.negate()
    excess = .sum(excess, others, precision: precision)
    let temperature = BigFloat(row.temperature)
    guard row[index].isNumericallyEqual(to: row.maximum) else {
      excess.add(head, precision: precision)
      guard let sign = excess.signum, sign != 0 else { return nil }
      excess.multiply(
        by: row.exponential(index, precision: precision),
        precision: precision)
      excess.divide(by: sums.row.total, precision: precision)
      excess.divide(by: sums.row.total, precision: precision)
      return HeadAndTail(head: BigFloat(0), tail: excess, denominator: temperature)
    }
    let square = BigFloat.exactProduct(count, count)
    excess.multiply(by: square, precision: precision)
    var twice = sums.row.total.copy()
    twice.add(count, precision: precision)
    twice.multiply(by: sums.row.rest, precision: precision)
    twice.multiply(by: head, precision: precision)
    twice.negate()
    excess = .sum(excess, twice, precision: precision)
    guard let sign = excess.signum, sign != 0 else { return nil }
    excess.divide(by: sums.row.total, precision: precision)
    excess.divide(by: sums.row.total, precision: precision)
    return HeadAndTail(
      head: head, tail: excess, denominator: .exactProduct(square, temperature))
  }

  /// The sums of the terms Jᵢⱼ·gⱼ with Jᵢⱼ = pᵢ([i = j] − pⱼ), of which those of infinite g decide.
  private func encloseInfinite(
    _ infinite: InfiniteTerms, _ indices: [Int], precision: Int,
    _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    var signs = [(Int, Int)?](repeating: nil, count: count)
    row.forEachSoftmax(Array(0..<count), precision: precision) { index, entry in
      if let entry = consume entry { signs[index] = entry.signs }
    }
    for index in indices {
      guard let (own, other) = signs[index] else {
        receive(index, .limit(.notANumber))
        continue
      }
      receive(
        index, infinite.sum(at: index, own: own * other, others: { -own * (signs[$0]?.0 ?? 0) }))
    }
  }
}
