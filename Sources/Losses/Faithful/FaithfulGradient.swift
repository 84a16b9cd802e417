/// The gradient of the cross-entropy in double words: (Σ y)·e^(xᵢ − m)/(1 + S) − yᵢ for all but the
/// greatest logit, (Σ y − y_g) − (Σ y)·S/(1 + S) for that one.
///
/// Soft targets near the probabilities make these differences cancel. Where the logits are near each
/// other, so that Mᵢ = e^(xᵢ − m) − 1 is small, the same times 1 + S is
///
///     (Σ y − n·yᵢ) + Mᵢ·Σ y − yᵢ·Σ Mⱼ,
///
/// of which the first is a sum of targets only, and the others are small with the differences of the
/// logits. Each output is taken from the form with the smaller terms.
struct FaithfulGradient {
  let values: [Double]

  init(_ x: [Double], _ y: [Double], _ row: ScaledRow, _ rounding: FinalRounding) {
    var total = DoubleWord(0)
    var others = DoubleWord(0)
    for index in y.indices {
      total = total + DoubleWord(y[index])
      if index != row.greatest { others = others + DoubleWord(y[index]) }
    }
    let factor = total / row.total
    var nearby: Nearby?
    values = x.indices.map { index in
      let isGreatest = index == row.greatest
      let share = isGreatest ? factor * row.sumOfOthers : factor * row.terms[index]
      let target = (isGreatest ? others : DoubleWord(y[index])).scaled(by: ScaledRow.scale)
      let difference = isGreatest ? target - share : share - target
      guard difference.high.magnitude < 0x1p-35 * target.high.magnitude else {
        return difference.unscaled(rounding)
      }
      let form = nearby ?? Nearby(x, total, row)
      nearby = form
      let (value, terms) = form.gradient(index, y[index])
      return (terms < target.high ? value : difference).unscaled(rounding)
    }
  }

  /// The second form; it takes an exponential for each class, so that it is made only where needed.
  private struct Nearby {
    /// 2²⁰⁰·Mᵢ, and their sum, of terms of one sign.
    let excesses: [DoubleWord]
    let sum: DoubleWord
    let total: DoubleWord
    let rowTotal: DoubleWord

    init(_ x: [Double], _ total: DoubleWord, _ row: ScaledRow) {
      let maximum = x[row.greatest]
      excesses = x.map { ScaledRow.expMinusOne(.sum($0, -maximum)) }
      sum = excesses.reduce(DoubleWord(0), +)
      self.total = total
      rowTotal = row.total
    }

    /// 2²⁰⁰ times the gradient, and the size of what it is the sum of.
    func gradient(_ index: Int, _ y: Double) -> (value: DoubleWord, terms: Double) {
      let product = DoubleWord(Double(excesses.count)) * DoubleWord(y)
      let head = (total - product).scaled(by: ScaledRow.scale)
      let (a, b) = (excesses[index] * total, sum * DoubleWord(y))
      let terms = head.high.magnitude + a.high.magnitude + b.high.magnitude
      return ((head + (a - b)) / rowTotal, terms / rowTotal.high)
    }
  }
}
