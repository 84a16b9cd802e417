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
  static let smoothingIgnored = leavingOut(
    [.labelSmoothing], "smoothing-left-out", "label smoothing is not applied"
  ) { $0.labelSmoothing = nil }

  /// The loss of rows that are to be ignored.
  static let ignoredLabelCounted = leavingOut(
    [.ignoreIndex], "ignored-label-counted",
    "rows whose label is ignore_index have a loss; it is to be 0"
  ) { $0.ignoreIndex = nil }

  /// No weights at all.
  static let weightsIgnored = leavingOut(
    [.classWeights, .positiveWeight], "weights-left-out",
    "class_weights or pos_weight is not applied"
  ) {
    $0.classWeights = nil
    $0.positiveWeight = nil
  }

  /// The function without some of its options.
  private static func leavingOut(
    _ left: Set<LossOption>, _ name: String, _ summary: String,
    _ clear: @escaping @Sendable (inout LossOptions) -> Void
  ) -> Mistake {
    Mistake(name, summary) { row, evidence in
      var options = evidence.options
      guard !options.present.isDisjoint(with: left) else { return nil }
      clear(&options)
      return DoubleModel(function: evidence.function, options: options).outputs(row)
    }
  }
}
