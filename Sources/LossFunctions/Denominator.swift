package import FloatFormats

/// What a mean divides the sum of the losses of rows by: frameworks differ where there are weights, rows to be ignored
/// or a z-loss.
public enum Denominator: String, CaseIterable, Hashable, Sendable {
  /// The weights of the labels of the rows that count, whatever is smoothed; where nothing is said. Without weights it
  /// is the number of these rows, and without labels that of all.
  case weights
  /// The number of the rows that count, whatever they weigh.
  case validRows = "valid-rows"
  /// The number of all rows.
  case rows
  /// The weights of the labels of all rows.
  case allWeights = "all-weights"
  /// The number of the rows that count and whose label has a weight other than 0.
  case nonzeroWeights = "nonzero-weights"
  /// The weights for the loss, and for the z-loss the number of the rows that count.
  case weightsWithZLossByRows = "weights-z-loss-by-rows"
  /// The number of logits.
  case values
}

extension Denominator {
  /// A denominator by its name, or by that of a call that has it.
  public init?(named name: String) {
    let found = Self.allCases.first { $0.rawValue == name || $0.calls.contains(name) }
    guard let found else { return nil }
    self = found
  }

  /// The calls that divide so, under the names that are known here, too.
  public var calls: [String] {
    switch self {
    // `nll_loss` in PyTorch, with smoothing as well; ONNX's SoftmaxCrossEntropyLoss; Keras.
    case .weights: ["pytorch", "onnx", "mean_with_sample_weight"]
    // `apply_mask` in Keras multiplies by all rows over those that count; Liger and flash-attention without weights.
    case .validRows: ["keras", "sum_over_batch_size", "flash-attention"]
    // `jnp.mean` over the losses; `batchmean` of PyTorch's divergence.
    case .rows: ["optax", "jax", "batchmean"]
    // It sets ignored losses to 0 and gathers the weights of all targets.
    case .allWeights: ["burn"]
    // `compute_weighted_loss` in tf.compat.v1.losses, where nothing is said.
    case .nonzeroWeights: ["tensorflow-v1", "sum_by_nonzero_weights"]
    // It scales neither the z-loss by weights nor what divides it.
    case .weightsWithZLossByRows: ["liger"]
    // The `mean` of PyTorch's divergence.
    case .values: ["kl_div"]
    }
  }

  /// All names, each with the calls that have it: `rows (optax, jax, batchmean)`.
  public static var list: String {
    allCases.map { "\($0.rawValue) (\($0.calls.joined(separator: ", ")))" }.joined(separator: ", ")
  }
}

extension LossOptions {
  /// The losses whose means add up to the mean of this one, each with a denominator of its own: the z-loss may have
  /// another one than the rest.
  package var partsOfMean: [LossOptions] {
    var whole = self
    guard denominator == .weightsWithZLossByRows else { return [whole] }
    whole.denominator = .weights
    guard let weights = classWeights, zLoss?.isZero == false else { return [whole] }
    var penalty = self
    whole.zLoss = nil
    penalty.classWeights = weights.map { _ in .zero }
    penalty.labelSmoothing = nil
    penalty.denominator = .validRows
    return [whole, penalty]
  }

  /// What a mean over rows with these labels divides by: numbers, and how often each is added.
  ///
  /// - Parameter labels: nil where the targets are no class indices.
  package func denominator(
    labels: [Int32]?, rowCount: Int, valueCount: Int
  ) -> [(weight: FloatValue, count: Int)] {
    let denominator = denominator ?? .weights
    var weighed: [(weight: FloatValue, count: Int)] = []
    if let labels, ![.rows, .values].contains(denominator) {
      let ignored = denominator == .allWeights ? nil : ignoreIndex.map { Int32(clamping: $0) }
      if let classWeights, denominator != .validRows {
        // A label that is no class has no weight.
        var counts = [Int](repeating: 0, count: classWeights.count)
        for label in labels where label != ignored && counts.indices.contains(Int(label)) {
          counts[Int(label)] += 1
        }
        weighed = zip(classWeights, counts).map { (weight: $0, count: $1) }
        if denominator == .nonzeroWeights {
          weighed = weighed.map { (weight: $0.weight.isZero ? .zero : .one, count: $0.count) }
        }
      } else {
        weighed = [(.one, ignored == nil ? labels.count : labels.count { $0 != ignored })]
      }
    } else {
      weighed = [(.one, denominator == .values ? valueCount : rowCount)]
    }
    return weighed.filter { $0.count > 0 }
  }
}

extension LinearInput {
  /// What a mean over the rows divides by: numbers, and how often each is added.
  package func denominator(_ options: LossOptions) -> [(weight: FloatValue, count: Int)] {
    options.denominator(
      labels: labels, rowCount: rowCount, valueCount: rowCount * classCount)
  }

  /// The same as one number, as doubles have it.
  package func divisor(_ options: LossOptions) -> Double {
    denominator(options).reduce(0) { $0 + $1.weight.double * Double($1.count) }
  }
}

extension LossRows {
  /// What a mean over the rows divides by: numbers, and how often each is added.
  package func denominator(_ options: LossOptions) -> [(weight: FloatValue, count: Int)] {
    options.denominator(
      labels: targetKind == .index ? labels : nil, rowCount: count,
      valueCount: logits.count)
  }

  /// The same as one number, as doubles have it.
  package func divisor(_ options: LossOptions) -> Double {
    denominator(options).reduce(0) { $0 + $1.weight.double * Double($1.count) }
  }
}
