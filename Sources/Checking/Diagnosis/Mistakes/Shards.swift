internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// Losses whose classes are split in shards.

extension Mistake {
  /// Sums of exponentials that belong to other maxima than they are taken for.
  static let shardSumNotRescaled = Mistake(
    "shard-sum-not-rescaled",
    "sums of exponentials are added that belong to different maxima; bring them to one first"
  ) { evidence in
    let model = evidence.model
    switch evidence.function {
    case .shardPartials:
      return [
        Hypothesis("no maximum taken off") { row in
          var outputs = model.outputs(row.row)
          outputs[1] *= exp(outputs[0])
          return outputs[0] == -.infinity ? [outputs[0], 0, outputs[2]] : outputs
        }
      ]
    case .mergedCrossEntropy:
      return [
        Hypothesis("m of the greatest, and all sums") { row in
          let parts = MergedParts(row.row)
          return [(parts.greatest - parts.target) + log(parts.sums.reduce(0, +))]
        },
        Hypothesis("no maximum, and all sums") { row in
          let parts = MergedParts(row.row)
          return [log(parts.sums.reduce(0, +)) - parts.target]
        },
      ]
    default: return []
    }
  }

  /// A logit that is not the target's.
  static let shardTargetMisplaced = Mistake(
    "target-of-another-shard",
    "a logit of a shard that has not the target counts as the target's; mask it"
  ) { evidence in
    let model = evidence.model
    switch evidence.function {
    case .shardPartials:
      let others: [(String, @Sendable ([Double]) -> Double)] = [
        ("the first class's", { $0.first ?? .nan }), ("the last class's", { $0.last ?? .nan }),
        ("0", { _ in 0 }),
      ]
      return others.map { detail, logit in
        Hypothesis(detail) { row in
          let outputs = model.outputs(row.row)
          return row.row.label == -1 ? [outputs[0], outputs[1], logit(row.row.logits)] : outputs
        }
      }
    case .mergedCrossEntropy:
      return [
        Hypothesis("the first shard's") { row in
          let parts = MergedParts(row.row)
          return parts.targets.first.map { [(parts.greatest - $0) + log(parts.sum)] }
        },
        Hypothesis("the sum of all, with 0 for those that have none") { row in
          let parts = MergedParts(row.row)
          return [(parts.greatest - max(parts.target, 0)) + log(parts.sum)]
        },
      ]
    default: return []
    }
  }
}
