internal import FastKernels
internal import FloatFormats
package import LossFunctions

/// The losses whose means add up to the mean of a batch, with what each is divided by: what the gradients of its rows
/// need to know of the others.
package struct MeanParts: Sendable {
  let parts: [(options: LossOptions, mean: MeanDenominator)]

  /// - Parameter labels: nil where the targets are no class indices.
  package init(_ options: LossOptions, labels: [Int32]?, rowCount: Int, valueCount: Int) {
    parts = options.partsOfMean.map { part in
      (
        part,
        MeanDenominator(
          part.denominator(labels: labels, rowCount: rowCount, valueCount: valueCount))
      )
    }
  }

  /// The mean over rows.
  package init(_ options: LossOptions, over rows: LossRows) {
    self.init(
      options, labels: rows.targetKind == .index ? rows.labels : nil, rowCount: rows.count,
      valueCount: rows.logits.count)
  }

  /// What the numbers of the rows are.
  var input: InputKind { parts.first?.options.input ?? .logits }

  /// What all values are divided by, as the fast tier has it, once a z-loss of a denominator of its own has its
  /// `penaltyFactor`; nil for one that is 0 or that the bounds of the kernels are not proven for.
  var divisor: Ball? {
    guard parts.count == 1 || penaltyFactor != nil, parts[0].options.areDoubles else { return nil }
    let divisor = parts[0].mean.ball
    return 0x1p-20...0x1p60 ~= divisor.high && divisor.hasSign ? divisor : nil
  }

  /// What the coefficient of a z-loss is multiplied by for it to be divided by what the rest is: that denominator over
  /// its own. nil where it has none.
  var penaltyFactor: Ball? {
    guard parts.count == 2, parts[1].options.denominator == .validRows else { return nil }
    let own = parts[1].mean.ball
    return own.high > 0 ? parts[0].mean.ball / own : nil
  }
}

/// What the gradients of rows are multiplied by in those of a mean: the weights of their labels over what it divides by.
///
/// Each is a pair within 2⁻⁸⁴ of that, or 0, and its high part a double within a rounding more.
struct MeanFactors: Sendable {
  /// One for each class, or one for all.
  private let factors: [LOPair]
  private let ignored: Int32?

  /// - Returns: nil for other options than weights and an ignored label, and factors that are not from 2⁻⁶⁰ to 1.
  init?(_ mean: MeanParts, classCount: Int) {
    guard mean.parts.count == 1, let divisor = mean.divisor,
      let options = mean.parts.first?.options,
      options.present.isSubset(of: [.input, .classWeights, .ignoreIndex, .denominator])
    else { return nil }
    let weights = options.classWeights?.map(\.double) ?? [1]
    guard weights.count == 1 || weights.count == classCount else { return nil }
    let quotients = weights.map { Ball($0) / divisor }
    guard quotients.allSatisfy({ $0.error <= $0.high * 0x1p-84 }) else { return nil }
    factors = quotients.map { .fastSum($0.high, $0.low) }
    ignored = options.ignoreIndex.flatMap { Int32(exactly: $0) }
    guard factors.allSatisfy({ $0.high == 0 || 0x1p-60...1 ~= $0.high }) else { return nil }
  }

  /// Multiplies values of one logit each, of which all count.
  func multiplyAll(_ values: UnsafeMutableBufferPointer<Double>) {
    lo_scale(values.baseAddress, values.count, factors[0].high)
  }

  /// The same of pairs.
  func multiplyAll(_ values: BallRow.Scratch, count: Int) {
    lo_multiply_pairs(values.high, values.low, factors[0], count)
  }

  /// Whether rows of a label do not count, whatever it is.
  func ignores(_ label: Int32) -> Bool { label == ignored }

  /// That of a row; nil for a label that is no class.
  func factor(_ label: Int32) -> LOPair? {
    if factors.count == 1 { return factors[0] }
    return factors.indices.contains(Int(label)) ? factors[Int(label)] : nil
  }

  /// The one of all rows, where it is one.
  func common(_ labels: UnsafeBufferPointer<Int32>) -> LOPair? {
    factors.count == 1 && (ignored == nil || !labels.contains(where: ignores)) ? factors[0] : nil
  }
}

extension MeanFactors {
  /// Multiplies the values of rows, `classCount` for each; those of rows that do not count become 0.
  func multiply(
    _ values: UnsafeMutableBufferPointer<Double>, labels: UnsafeBufferPointer<Int32>,
    classCount: Int
  ) {
    guard let start = values.baseAddress else { return }
    if let factor = common(labels) { return lo_scale(start, values.count, factor.high) }
    for (row, label) in labels.enumerated() {
      let own = start + row * classCount
      if ignores(label) {
        own.update(repeating: 0, count: classCount)
      } else if let factor = factor(label), factor.high != 0 {
        for index in 0..<classCount { own[index] *= factor.high }
      } else {
        // NaNs stay.
        for index in 0..<classCount { own[index] = own[index] * 0 + 0 }
      }
    }
  }

  /// The same of pairs.
  func multiply(
    _ values: BallRow.Scratch, labels: UnsafeBufferPointer<Int32>, classCount: Int
  ) {
    let (high, low) = values
    if let factor = common(labels) {
      return lo_multiply_pairs(high, low, factor, labels.count * classCount)
    }
    for (row, label) in labels.enumerated() {
      let (high, low) = (high + row * classCount, low + row * classCount)
      if ignores(label) {
        high.update(repeating: 0, count: classCount)
        low.update(repeating: 0, count: classCount)
      } else if let factor = factor(label), factor.high != 0 {
        lo_multiply_pairs(high, low, factor, classCount)
      } else {
        for index in 0..<classCount {
          (high[index], low[index]) = (high[index] * 0 + 0, low[index] * 0 + 0)
        }
      }
    }
  }
}
