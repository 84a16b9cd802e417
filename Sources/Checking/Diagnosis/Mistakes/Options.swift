internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// Options that are not applied, or applied at another place.

extension Mistake {
  /// No temperature.
  static let temperatureLeftOut = leavingOut(
    [.temperature], "temperature-left-out", "the temperature is not applied"
  ) { $0.temperature = nil }

  /// A temperature that divides, or multiplies, what comes later.
  static let temperatureMisplaced = Mistake(
    "temperature-misplaced", "the temperature is applied at another place; divide the logits by it"
  ) { evidence in
    guard let temperature = evidence.options.temperature?.double, temperature != 1 else {
      return []
    }
    let model = evidence.model
    let (plain, isGradient) = (model.with { $0.temperature = nil }, evidence.function.isGradient)
    func after(_ detail: String, _ model: DoubleModel, _ factor: Double) -> Hypothesis {
      Hypothesis(detail, model) { $0 * factor }
    }
    func with(_ other: Double) -> DoubleModel { model.with { $0.temperature = FloatValue(other) } }
    var forms = [
      after("after the logarithm", plain, 1 / temperature),
      after("after the logarithm, as a factor", plain, temperature),
      Hypothesis("as a factor of the logits", with(1 / temperature)),
      Hypothesis("applied twice", with(temperature * temperature)),
      after("the result times its square", model, temperature * temperature),
    ]
    if !isGradient { forms.append(after("the result times it", model, temperature)) }
    if isGradient {
      // Of the chain rule: the factor of another exponent.
      forms.append(after("over its square", model, 1 / temperature))
      forms.append(after("as a factor of the logits", with(1 / temperature), 1 / temperature))
    }
    guard evidence.function == .crossEntropy || evidence.function == .logSoftmax else {
      return forms
    }
    // log Σ e^(x/T) − xₜ.
    return forms + [
      Hypothesis("in the sum only") { row in
        let x = row.row.logits
        let right = model.outputs(row.row)
        let changes = x.map { $0 - $0 / temperature }
        if evidence.function == .logSoftmax { return zip(right, changes).map { $0 + $1 } }
        let change = x.indices.reduce(0) { sum, index in
          let coefficient = model.coefficient(index, row.row)
          return coefficient == 0 ? sum : sum + coefficient * changes[index]
        }
        return model.isIgnored(row.row) ? right : right.map { $0 - change }
      }
    ]
  }

  /// The gradient by the logits divided by the temperature, instead of that by the logits.
  static let temperatureUnscaled = Mistake(
    "gradient-unscaled", "the gradient is not divided by the temperature (chain rule)"
  ) { row, evidence in
    guard evidence.function.isDerivative, let temperature = evidence.options.temperature?.double
    else { return nil }
    return evidence.model.outputs(row).map { $0 * temperature }
  }

  /// ε/(K − 1) for the other classes instead of ε/K for all.
  static let smoothingOverOthers = Mistake(
    "smoothing-over-k-1",
    "label smoothing gives the label 1 − ε and the others ε/(K − 1); it is ε/K for every class"
  ) { evidence in
    [
      evidence.smoothing { y, epsilon, count in
        count > 1 ? y * (1 - epsilon) + (1 - y) * epsilon / (count - 1) : 1
      },
      evidence.smoothing("added to the label too") { y, epsilon, count in
        count > 1 ? y * (1 - epsilon) + epsilon / (count - 1) : 1
      },
    ]
  }

  /// Smoothing over another number of things, or of one part only.
  static let smoothingMisplaced = Mistake(
    "smoothing-misplaced",
    "label smoothing is spread over other things than the classes; it is (1 − ε)·y + ε/K"
  ) { evidence in
    let overRows = Hypothesis("over the rows of the batch") { batch in
      let count = Double(batch.rowCount)
      let model = evidence.model.taking {
        $0.smoothed = { y, epsilon, _ in (1 - epsilon) * y + epsilon / count }
      }
      return batch.rows.map { model.outputs($0.row) }
    }
    guard evidence.options.labelSmoothing != nil else { return [] }
    return [
      overRows,
      evidence.smoothing("ε for every class") { (1 - $1) * $0 + $1 + 0 * $2 },
      evidence.smoothing("y + ε/K") { $0 + $1 / $2 },
      evidence.smoothing("(1 − ε)·y alone") { (1 - $1) * $0 + 0 * $2 },
      evidence.smoothing("(1 − ε)/K for every class") { (1 - $1) * $0 + (1 - $1) / $2 },
      evidence.smoothing("ε and 1 − ε exchanged") { $1 * $0 + (1 - $1) / $2 },
      evidence.smoothing("ε/(K + 1)") { (1 - $1) * $0 + $1 / ($2 + 1) },
    ]
      + [2, 4, 8].map { shards in
        evidence.smoothing("over the classes of one of \(shards) shards") {
          (1 - $1) * $0 + $1 / ($2 / Double(shards)).rounded(.up)
        }
      }
  }

  /// No smoothing at all.
  static let smoothingLeftOut = leavingOut(
    [.labelSmoothing], "smoothing-left-out", "label smoothing is not applied"
  ) { $0.labelSmoothing = nil }

  /// Smoothing that nobody asked for.
  static let smoothingThoughOff = Mistake(
    "smoothing-though-off", "label smoothing is applied, and was not asked for"
  ) { evidence in
    guard evidence.options.labelSmoothing == nil, evidence.options.focalGamma == nil,
      evidence.options.focalAlpha == nil, evidence.function.hasTarget
    else { return [] }
    return [0.1, 0.05, 0.2, 0.01, 0.001].map { epsilon in
      let model = evidence.model.with { $0.labelSmoothing = FloatValue(epsilon) }
      return Hypothesis("ε = \(epsilon)", model)
    }
  }

  /// The loss of rows that are to be ignored.
  static let ignoredLabelCounted = Mistake(
    "ignored-label-counted", "rows whose label is ignore_index have a loss; it is to be 0"
  ) { evidence in
    guard let ignored = evidence.options.ignoreIndex else { return [] }
    let model = evidence.model.with { $0.ignoreIndex = nil }
    // A label such as -100 is no class: code that looks it up has made it one.
    func counted(_ detail: String, _ label: @escaping @Sendable (_ count: Int) -> Int) -> Hypothesis
    {
      Hypothesis(
        detail,
        row: { observed in
          let row = observed.row
          return model.outputs(
            row.label == ignored ? row.with(label: label(row.logits.count)) : row)
        })
    }
    return [Hypothesis(nil, model)]
      + (ignored >= 0
        ? []
        : [
          counted("as class 0") { _ in 0 }, counted("as the last class") { $0 - 1 },
          counted("as class \(ignored) mod K") { ((ignored % $0) + $0) % $0 },
        ])
  }

  /// Without some options, which are all set.
  static func leavingOut(
    _ left: Set<LossOption>, _ name: String, _ summary: String,
    _ clear: @escaping @Sendable (inout LossOptions) -> Void
  ) -> Mistake {
    Mistake(name, summary) { evidence in
      guard !evidence.options.present.isDisjoint(with: left) else { return [] }
      return [Hypothesis(nil, evidence.model.with(clear))]
    }
  }
}

extension Evidence {
  /// The functions with targets smoothed in another way.
  fileprivate func smoothing(
    _ detail: String? = nil,
    _ smoothed: @escaping @Sendable (_ y: Double, _ epsilon: Double, _ count: Double) -> Double
  ) -> Hypothesis {
    guard options.labelSmoothing != nil else { return Hypothesis(detail, row: { _ in nil }) }
    return Hypothesis(detail, model.taking { $0.smoothed = smoothed })
  }
}
