internal import FloatFormats
internal import LossFunctions

// Options that are taken in another sense, or not at all.

extension Mistake {
  /// ε/(K − 1) for the other classes instead of ε/K for all.
  static let smoothingOverOthers = Mistake(
    "smoothing-over-k-1",
    "label smoothing gives the label 1 − ε and the others ε/(K − 1); it is ε/K for every class"
  ) { evidence in
    guard let epsilon = evidence.options.labelSmoothing?.double else { return [] }
    var options = evidence.options
    options.labelSmoothing = nil
    let model = DoubleModel(function: evidence.function, options: options)
    // What the label gets: 1 − ε, or ε/(K − 1) more like every class.
    return [(nil, 0.0), ("added to the label too", 1)].map { detail, share in
      Hypothesis(detail) { row in
        var row = DoubleModel.Row(row.input)
        guard row.label != nil, row.logits.count > 1 else { return nil }
        let others = epsilon / Double(row.logits.count - 1)
        row.probabilities = row.probabilities.map {
          $0 == 1 ? 1 - epsilon + share * others : others
        }
        return model.outputs(row)
      }
    }
  }

  /// No smoothing at all.
  static let smoothingIgnored = Mistake(
    "smoothing-left-out", "label smoothing is not applied"
  ) { row, evidence in
    guard evidence.options.labelSmoothing != nil else { return nil }
    var options = evidence.options
    options.labelSmoothing = nil
    return DoubleModel(function: evidence.function, options: options).outputs(row)
  }

  /// The loss of rows that are to be ignored.
  static let ignoredLabelCounted = Mistake(
    "ignored-label-counted", "rows whose label is ignore_index have a loss; it is to be 0"
  ) { row, evidence in
    guard evidence.options.ignoreIndex != nil else { return nil }
    var options = evidence.options
    options.ignoreIndex = nil
    return DoubleModel(function: evidence.function, options: options).outputs(row)
  }

  /// No weights at all.
  static let weightsIgnored = Mistake(
    "weights-left-out", "class_weights or pos_weight is not applied"
  ) { row, evidence in
    guard evidence.options.classWeights != nil || evidence.options.positiveWeight != nil else {
      return nil
    }
    var options = evidence.options
    options.classWeights = nil
    options.positiveWeight = nil
    return DoubleModel(function: evidence.function, options: options).outputs(row)
  }
}
