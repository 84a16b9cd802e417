internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// A row of exact logits as its gradient by the hidden numbers sees it: groups of equal logits in descending
/// order, the first of n₀ that attain the greatest, m. A scale s > 0 and a temperature T keep the order.
struct LinearRow {
  let logits: ExactLogits
  let groups: [[Int]]
  /// s and T, where they are not 1.
  private let scale: FloatValue?
  private let temperature: FloatValue?

  init(_ input: LinearInput, row: Int, _ options: LossOptions) {
    logits = ExactLogits(input, row: row)
    groups = logits.groups
    scale = options.scale
    temperature = options.temperature
  }

  /// n₀.
  var maximumCount: Int { groups.first?.count ?? 0 }

  /// e^(s·(x − m)/T) of a group after the first.
  private func exponential(_ group: Int, maximum: borrowing BigFloat, precision: Int) -> Enclosure {
    var result = Enclosure.difference(
      logits.value(groups[group][0]), maximum, precision: precision)
    if let scale { result.multiply(by: BigFloat(scale), precision: precision) }
    if let temperature {
      result.divide(by: Enclosure(BigFloat(temperature)), precision: precision)
    }
    result.apply(.exponential, precision: precision)
    return result
  }

  /// Σ e^(s·(x − m)/T) over the logits below the greatest; the point 0 where there are none. Calls `receive`
  /// with the exponential of each group.
  func rest(
    precision: Int, _ receive: (_ group: Int, borrowing Enclosure) -> Void
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

/// A loss, and what the sum of the rows' is divided by; nil where it is not.
typealias LinearPart = (options: LossOptions, mean: MeanDenominator?)

extension LinearInput {
  /// The bits that e^(x − m) loses to an error of half an ulp in its argument, and sums to their number of
  /// terms: see `LogitRow`.
  ///
  /// - Parameter rows: Those of which the greatest counts.
  func precisionLoss(_ rows: Range<Int>, _ options: LossOptions) -> Int {
    let factors = hidden[rows.lowerBound * width..<rows.upperBound * width].reduce(0) {
      max($0, $1.magnitude)
    }
    let biases = (bias ?? []).reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
    let greatest = Double(factors) * Double(greatestWeight) * Double(width) + Double(biases)
    let loss = LogitTransform(options).precisionLoss(
      greatestExponent: greatest > 0 ? Int(greatest.exponent) + 1 : nil)
    return loss + (Int.bitWidth - classCount.leadingZeroBitCount) / 2
  }

  /// Whether a row does not count.
  func ignores(_ row: Int, _ options: LossOptions) -> Bool {
    Int(labels[row]) == options.ignoreIndex
  }

  /// The coefficients of a row's loss.
  func coefficients(_ row: Int, _ options: LossOptions) -> ClassCoefficients {
    ClassCoefficients(label: Int(labels[row]), classCount: classCount, options)
  }

  /// The gradient of a row's loss by its logits.
  func logitGradient(_ row: Int, _ options: LossOptions) -> CrossEntropyGradient {
    CrossEntropyGradient(
      LogitRow(ExactLogits(self, row: row), options), coefficients: coefficients(row, options),
      options)
  }

  /// The losses whose sums, each divided by its own denominator, add up to what is asked for.
  func parts(_ options: LossOptions, _ reduction: Reduction) -> [LinearPart] {
    guard reduction == .mean else { return [(options, nil)] }
    return options.partsOfMean.map { ($0, MeanDenominator(denominator($0))) }
  }

  /// Where a logit that counts is −∞: the limit of a row's loss, or of its gradient, and nil where there is
  /// none to be taken. A soft cap makes a number of it.
  func limit(_ row: Int, _ options: LossOptions) -> LimitValue? {
    guard options.softcap == nil, let bias, bias.contains(-.infinity) else { return nil }
    let coefficients = coefficients(row, options)
    if !bias.contains(where: \.isFinite) {
      if !coefficients.total.isZero { return .notANumber }
      return options.hasZLoss ? .positiveInfinity : nil
    }
    let isInfinite = coefficients.support.contains {
      bias[$0] == -.infinity && !coefficients.coefficient($0).isZero
    }
    return isInfinite ? .positiveInfinity : nil
  }
}

extension LossOptions {
  /// Whether there is a z-loss that is not 0.
  var hasZLoss: Bool { zLoss?.isZero == false }
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

/// The cross-entropy of a row's logits Σ h_k·w_ck + b_c and its label: `CrossEntropy` of exact sums, which are
/// dyadic rationals as other logits are. The row is made anew for each precision, so that no more than one is held.
struct LinearCrossEntropy: ExactScalar {
  let input: LinearInput
  let row: Int
  let options: LossOptions

  var ground: Ground { LogitTransform(options).ground }
  var precisionLoss: Int { input.precisionLoss(row..<row + 1, options) }

  func entry(precision: Int) -> ExactEntry {
    CrossEntropy(
      LogitRow(ExactLogits(input, row: row), options),
      coefficients: input.coefficients(row, options), options
    ).entry(precision: precision)
  }
}
