internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// Gradients that go through other numbers than p − y.

extension Mistake {
  /// −1/pₜ times the softmax's derivative, for p − y.
  static let chainThroughProbability = Mistake(
    "chain-rule-through-p",
    "the gradient goes through 1/p, which is infinite where p is 0; use p − y"
  ) { evidence in
    guard evidence.function.isGradient else { return [] }
    let model = evidence.model
    let limits = evidence.computingFormats.flatMap { format in
      [format.leastSubnormal.double / 2, format.leastNormal.double]
    }
    let infinite = limits.map { limit in
      Hypothesis { row in
        let right = model.outputs(row.row)
        guard let p = model.probabilityOfTarget(row.row) else { return right }
        return p < limit ? right.map { _ in .nan } : right
      }
    }
    // −1/max(p, ε): beyond ε the gradient fades, or the clip has none.
    let clipped = [1e-7, 1e-8, 1e-12, 1e-15, 1e-10, 1e-6, 1e-5, 1e-4, 1e-3].flatMap { epsilon in
      [false, true].map { isCut in
        Hypothesis("p clipped at \(epsilon)") { row in
          let right = model.outputs(row.row)
          guard let p = model.probabilityOfTarget(row.row), p < epsilon else { return right }
          return right.map { isCut ? 0 : $0 * p / epsilon }
        }
      }
    }
    // Each step rounded: what is left of a p of few digits.
    let rounded = evidence.computingFormats.map { format in
      Hypothesis("p·(p − y)/p in \(format)") { row in
        let right = model.outputs(row.row)
        guard let p = model.probabilityOfTarget(row.row) else { return right }
        let whole = format.nearest(p)
        return right.map { format.nearest(format.nearest(whole * $0) / whole) }
      }
    }
    return infinite + clipped + rounded
  }

  /// The gradient of classes that share no shard with the target.
  static let shardWithoutTarget = Mistake(
    "shard-without-target",
    "classes of a shard that does not hold the target have no gradient; it is p there"
  ) { evidence in
    guard evidence.function == .crossEntropyGradient else { return [] }
    let model = evidence.model
    return [2, 4, 8, 16].map { shards in
      Hypothesis("\(shards) shards") { row in
        let right = model.outputs(row.row)
        guard let label = row.row.label, !model.isIgnored(row.row) else { return right }
        let size = max((right.count + shards - 1) / shards, 1)
        return right.indices.map { $0 / size == label / size ? right[$0] : 0 }
      }
    }
      + [
        Hypothesis("the target's class alone") { row in
          let right = model.outputs(row.row)
          guard let label = row.row.label, !model.isIgnored(row.row) else { return right }
          return right.indices.map { $0 == label ? right[$0] : 0 }
        },
        Hypothesis("all but the target's class") { row in
          let right = model.outputs(row.row)
          guard let label = row.row.label, right.indices.contains(label) else { return right }
          return right.indices.map { $0 == label ? 0 : right[$0] }
        },
      ]
  }

  /// p without the target taken off.
  static let targetNotSubtracted = Mistake(
    "target-not-subtracted", "the gradient is p; take the target off"
  ) { evidence in
    guard evidence.function.isGradient, evidence.options.focalGamma == nil else { return [] }
    let model = evidence.model
    return [
      Hypothesis { row in
        let right = model.outputs(row.row)
        guard !model.isIgnored(row.row) else { return right }
        let weight = evidence.options.positiveWeight?.double ?? 1
        return right.indices.map {
          right[$0] + weight * model.coefficient($0, row.row) / model.temperature
        }
      }
    ]
  }
}

extension DoubleModel {
  /// p of the class that is the target; nil where there is no such class, or the row does not count.
  fileprivate func probabilityOfTarget(_ row: Row) -> Double? {
    let x = scaled(row)
    if function.isBinary {
      return Self.sigmoid(row.target(0) == 1 ? x[0] : -x[0])
    }
    guard let label = row.label, x.indices.contains(label), !isIgnored(row) else { return nil }
    let greatest = Self.greatest(x)
    return exp((x[label] - greatest) - Self.excess(x, greatest))
  }
}
