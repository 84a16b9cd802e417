internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// A row of exact logits as the loss and its gradients see it: groups of equal logits in descending order, the
/// first of n₀ that attain the greatest, m.
struct LinearRow {
  let logits: ExactLogits
  let groups: [[Int]]

  init(_ input: LinearInput, row: Int) {
    logits = ExactLogits(input, row: row)
    groups = logits.groups
  }

  /// n₀.
  var maximumCount: Int { groups.first?.count ?? 0 }

  /// e^(x − m) of a group after the first.
  func exponential(_ group: Int, maximum: borrowing BigFloat, precision: Int) -> Enclosure {
    var result = Enclosure.difference(
      logits.value(groups[group][0]), maximum, precision: precision)
    result.apply(.exponential, precision: precision)
    return result
  }

  /// Σ e^(x − m) over the logits below the greatest; the point 0 where there are none. Calls `receive` with the
  /// exponential of each group.
  func rest(
    precision: Int, _ receive: (_ group: Int, borrowing Enclosure) -> Void = { _, _ in }
  ) -> Enclosure {
    var sum = Enclosure.zero(precision: precision)
    guard let first = groups.first?.first else { return sum }
    let maximum = logits.value(first)
    for group in groups.indices.dropFirst() {
      let exponential = exponential(group, maximum: maximum, precision: precision)
      receive(group, exponential)
      var term = exponential.copy()
      if groups[group].count > 1 {
        term.multiply(by: BigFloat(groups[group].count), precision: precision)
      }
      sum.add(term)
    }
    return sum
  }
}

extension LinearInput {
  /// The bits that e^(x − m) loses to an error of half an ulp in its argument, and sums to their number of
  /// terms: see `LogitRow`.
  ///
  /// - Parameter rows: Those of which the greatest counts.
  func precisionLoss(_ rows: Range<Int>) -> Int {
    let factors = hidden[rows.lowerBound * width..<rows.upperBound * width].reduce(0) {
      max($0, $1.magnitude)
    }
    let biases = (bias ?? []).reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
    let greatest = Double(factors) * Double(greatestWeight) * Double(width) + Double(biases)
    let exponent = greatest > 0 ? Int(greatest.exponent) + 2 : 0
    return max(exponent, 0) + (Int.bitWidth - classCount.leadingZeroBitCount) / 2
  }

  /// Whether a row does not count.
  func ignores(_ row: Int, _ options: LossOptions) -> Bool {
    Int(labels[row]) == options.ignoreIndex
  }

  /// The coefficients of a row's loss.
  func coefficients(_ row: Int, _ options: LossOptions) -> ClassCoefficients {
    ClassCoefficients(label: Int(labels[row]), classCount: classCount, options)
  }

  /// What a mean over the rows divides by.
  func meanDenominator(_ options: LossOptions) -> MeanDenominator {
    MeanDenominator(
      weights: labels.filter { Int($0) != options.ignoreIndex }.map { label in
        options.classWeights?[Int(label)] ?? .one
      })
  }

  /// Where a logit that counts is −∞: the limit of a row's loss, or of its gradient, and nil where there is
  /// none to be taken.
  func limit(_ row: Int, _ options: LossOptions) -> LimitValue? {
    guard let bias, bias.contains(-.infinity) else { return nil }
    if !bias.contains(where: \.isFinite) { return .notANumber }
    let coefficients = coefficients(row, options)
    let isInfinite = coefficients.support.contains {
      bias[$0] == -.infinity && !coefficients.coefficient($0).isZero
    }
    return isInfinite ? .positiveInfinity : nil
  }
}

extension ClassCoefficients {
  init(label: Int, classCount: Int, _ options: LossOptions) {
    target = .index(label)
    weights = options.classWeights
    smoothing = options.labelSmoothing
    balance = nil
    self.classCount = classCount
  }
}

extension MeanDenominator {
  init(weights: [FloatValue]) { self.weights = weights }
}

/// The cross-entropy of a row's logits Σ h_k·w_ck + b_c and its label,
///
///     [Σ a_c (m − x_c) + A·log1p(n₀ − 1 + Σ e^(x − m))] / D,
///
/// with the coefficients a_c of sum A over D. The logits are dyadic rationals, so `CrossEntropy` says why the
/// strategy ends: it is rational only with one class that is not masked, or A = 0.
struct LinearCrossEntropy: ExactScalar {
  let input: LinearInput
  let row: Int
  let options: LossOptions

  var precisionLoss: Int { input.precisionLoss(row..<row + 1) }

  func entry(precision: Int) -> ExactEntry {
    if let limit = input.limit(row, options) { return .limit(limit) }
    let row = LinearRow(input, row: row)
    let coefficients = input.coefficients(self.row, options)
    let maximum = row.logits.value(row.groups[0][0])
    var head = BigFloat(0)
    for index in coefficients.support {
      let coefficient = coefficients.coefficient(index)
      guard !coefficient.isZero, !row.logits.isMasked(index) else { continue }
      head = .exactSum(
        head, .exactProduct(coefficient, .exactDifference(maximum, row.logits.value(index))))
    }
    var tail = row.rest(precision: precision)
    tail.add(BigFloat(row.maximumCount - 1), precision: precision)
    tail.apply(.logarithmOnePlus, precision: precision)
    tail.multiply(by: coefficients.total, precision: precision)
    return .real(
      HeadAndTail(head: head, tail: tail, denominator: BigFloat(coefficients.denominator)))
  }
}
