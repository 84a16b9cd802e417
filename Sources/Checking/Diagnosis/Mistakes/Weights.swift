internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// Weights and factors that are not applied, or applied at another place.

extension Mistake {
  /// No weights at all.
  static let weightsLeftOut = leavingOut(
    [.classWeights, .positiveWeight], "weights-left-out",
    "class_weights or pos_weight is not applied"
  ) {
    $0.classWeights = nil
    $0.positiveWeight = nil
  }

  /// Weights of other classes, or over a sum.
  static let weightsMisplaced = Mistake(
    "weights-misplaced",
    "the weights are divided by a sum of theirs, or multiply other terms than those of their classes"
  ) { evidence in
    guard let weights = evidence.options.classWeights?.map(\.double) else { return [] }
    let model = evidence.model
    let sum = weights.reduce(0, +)
    func reordered(
      _ detail: String, _ weight: @escaping @Sendable (DoubleModel.Row) -> Double
    ) -> Hypothesis {
      let plain = model.with { $0.classWeights = nil }
      return Hypothesis(detail) { row in
        plain.outputs(row.row).map { $0 * weight(row.row) }
      }
    }
    let ofLabel = reordered("that of the label, for the smoothed terms of all classes") { row in
      row.label.map { weights.indices.contains($0) ? weights[$0] : 1 } ?? 1
    }
    return (evidence.options.labelSmoothing == nil ? [] : [ofLabel]) + [
      Hypothesis("over their sum", model) { $0 * (1 / sum) },
      Hypothesis("over their mean", model) { $0 * (Double(weights.count) / sum) },
      Hypothesis("over the sum of those of the batch") { batch in
        let sum = batch.rows.reduce(0) { sum, row in
          sum + (row.row.label.map { weights.indices.contains($0) ? weights[$0] : 0 } ?? 1)
        }
        return batch.rows.map { row in model.outputs(row.row).map { $0 / sum } }
      },
      reordered("those of the class that leads") { row in
        let greatest = row.logits.max() ?? 0
        return row.logits.firstIndex(of: greatest).map { weights[$0] } ?? 1
      },
      reordered("the square of each") { row in
        row.label.map { weights.indices.contains($0) ? weights[$0] * weights[$0] : 1 } ?? 1
      },
      Hypothesis("in reverse order", model.with { $0.classWeights?.reverse() }),
    ]
  }

  /// A weight of the positive class that counts for another part of the loss.
  static let positiveWeightMisplaced = Mistake(
    "pos-weight-misplaced",
    "pos_weight is applied to another part of the loss; it is to multiply y·log σ"
  ) { evidence in
    guard let weight = evidence.options.positiveWeight?.double else { return [] }
    let model = evidence.model
    let plain = model.with { $0.positiveWeight = nil }
    let isGradient = evidence.function.isGradient
    @Sendable func parts(_ row: Observation) -> (y: Double, right: Double, wrong: Double) {
      let z = model.scaled(row.row)[0]
      let y = model.coefficient(0, row.row)
      return isGradient
        ? (
          y, -DoubleModel.sigmoid(-z) / model.temperature,
          DoubleModel.sigmoid(z) / model.temperature
        )
        : (y, DoubleModel.softplus(-z), DoubleModel.softplus(z))
    }
    return [
      Hypothesis("to both terms", plain) { $0 * weight },
      Hypothesis("to the other term") { row in
        let (y, right, wrong) = parts(row)
        return [y * right + weight * (1 - y) * wrong]
      },
      Hypothesis("to log(1 + e^−|z|) only") { row in
        let z = model.scaled(row.row)[0]
        guard !isGradient else { return nil }
        let y = model.coefficient(0, row.row)
        let factor = 1 + (weight - 1) * y
        return [(1 - y) * z + factor * log1p(exp(-abs(z))) + max(-z, 0)]
      },
      Hypothesis("to max(−z, 0) only") { row in
        let z = model.scaled(row.row)[0]
        guard !isGradient else { return nil }
        let y = model.coefficient(0, row.row)
        let factor = 1 + (weight - 1) * y
        return [(1 - y) * z + log1p(exp(-abs(z))) + factor * max(-z, 0)]
      },
      Hypothesis("its square") { row in
        let (y, right, wrong) = parts(row)
        return [weight * weight * y * right + (1 - y) * wrong]
      },
    ]
  }

  /// p − y for p·Σy − y.
  static let targetSumDropped = Mistake(
    "sum-of-targets-dropped",
    "the gradient is p − y where the targets do not sum to 1; it is p·Σy − y, weights included"
  ) { evidence in
    guard evidence.function.isGradient else { return [] }
    return [Hypothesis(nil, evidence.model.taking { $0.total = { _ in 1 } })]
  }

  /// No z-loss.
  static let squareLeftOut = leavingOut([.zLoss], "z-loss-left-out", "z_loss is not applied") {
    $0.zLoss = nil
  }

  /// z-loss of another number.
  static let squareMisplaced = Mistake(
    "z-loss-misplaced", "z_loss is of another number than log Σ e^x squared"
  ) { evidence in
    guard evidence.options.zLoss != nil else { return [] }
    func square(
      _ detail: String, _ value: @escaping @Sendable (_ z: Double, _ m: Double) -> (Double, Double)
    ) -> Hypothesis {
      Hypothesis(detail, evidence.model.taking { $0.square = value })
    }
    return [
      square("not squared") { z, _ in (z, 1) },
      square("without the greatest logit") { z, m in ((z - m) * (z - m), 2 * (z - m)) },
      square("halved") { z, _ in (z * z / 2, z) },
      square("doubled") { z, _ in (2 * z * z, 4 * z) },
      square("of the greatest logit") { _, m in (m * m, 2 * m) },
      square("subtracted") { z, _ in (-z * z, -2 * z) },
      square("its square root") { z, _ in (abs(z), z < 0 ? -1 : 1) },
    ]
  }

  /// z-loss that nobody asked for.
  static let squareThoughOff = Mistake(
    "z-loss-though-off", "c·(log Σ e^x)² is added, and was not asked for"
  ) { evidence in
    guard evidence.options.zLoss == nil, !evidence.function.isBinary,
      [.crossEntropy, .crossEntropyGradient].contains(evidence.function)
    else { return [] }
    let suggested = evidence.squareFactor.flatMap { $0 > 1e-9 && $0 < 1e3 ? $0 : nil }
    return ([1e-4, 1e-3, 1e-2] + [suggested].compactMap(\.self)).map { factor in
      let model = evidence.model.with { $0.zLoss = FloatValue(factor) }
      return Hypothesis("c ≈ \(factor.printed("%.2g"))", model)
    }
  }

  /// No factor (1 − p)^γ, or no α.
  static let focalLeftOut = Mistake(
    "focal-factor-left-out", "the factor of the focal loss is not applied"
  ) { evidence in
    let (gamma, alpha) = (evidence.options.focalGamma, evidence.options.focalAlpha)
    var forms: [Hypothesis] = []
    if gamma != nil {
      forms.append(Hypothesis("(1 − p)^γ", evidence.model.with { $0.focalGamma = nil }))
    }
    if alpha != nil {
      forms.append(Hypothesis("α", evidence.model.with { $0.focalAlpha = nil }))
    }
    if gamma != nil, alpha != nil {
      let plain = evidence.model.with { ($0.focalGamma, $0.focalAlpha) = (nil, nil) }
      forms.append(Hypothesis("(1 − p)^γ and α", plain))
    }
    return forms
  }

  /// The factor of another number, or a constant of the gradient.
  static let focalMisplaced = Mistake(
    "focal-factor-misplaced", "the factor of the focal loss is of another number than 1 − p"
  ) { evidence in
    guard let gamma = evidence.options.focalGamma ?? evidence.options.focalAlpha else { return [] }
    let model = evidence.model
    var forms = [Hypothesis("p^γ", model.taking { $0.complement = { $0 } })]
    if evidence.function.isGradient {
      forms.append(
        Hypothesis("a constant of the gradient", model.taking { $0.differentiatesFactor = false }))
    }
    for (text, other) in [("γ + 1", gamma.double + 1), ("γ − 1", gamma.double - 1)]
    where evidence.options.focalGamma != nil && other >= 0 {
      forms.append(Hypothesis(text, model.with { $0.focalGamma = FloatValue(other) }))
    }
    if evidence.function.isBinary, let alpha = evidence.options.focalAlpha?.double {
      forms.append(
        Hypothesis("α and 1 − α exchanged", model.with { $0.focalAlpha = FloatValue(1 - alpha) }))
    }
    return forms
  }
}

extension Evidence {
  /// The c of a z-loss that the ordinary rows suggest: the one in the middle.
  fileprivate var squareFactor: Double? {
    var factors: [Double] = []
    for row in rows where row.tier == .ordinary && !model.isIgnored(row.row) {
      let x = model.scaled(row.row)
      let z = DoubleModel.logSumExp(x)
      guard row.computed.count == row.exact.count, abs(z) > 0.25 else { continue }
      if function == .crossEntropy {
        factors.append((row.computed[0] - row.exact[0]) / (z * z))
      } else {
        // By the class of the most weight.
        let p = DoubleModel.softmax(x)
        guard let index = p.indices.max(by: { p[$0] < p[$1] }) else { continue }
        let change = (row.computed[index] - row.exact[index]) * model.temperature
        factors.append(change / (2 * z * p[index]))
      }
    }
    guard factors.count >= 4 else { return nil }
    factors.sort()
    let middle = factors[factors.count / 2]
    return middle.isFinite ? middle : nil
  }
}
