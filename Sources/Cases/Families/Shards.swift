internal import FloatFormats
internal import LossFunctions

extension Family {
  /// Shards of a vocabulary as tensor parallelism meets them: the target in another one, all of one masked, classes
  /// that are all alike; and of what is merged a maximum in another shard than the target, and shards that are all
  /// masked. What breaks takes a target for one of its own, makes NaN of −∞ − −∞, or
  /// adds sums that belong to other maxima.
  public static let shards = Family(
    name: "shards",
    purpose: "targets and maxima in other shards, shards that are all masked",
    hasSpecialValues: true, suits: { $0.function.isOfShards }
  ) { draft in
    let kind = draft.choices.choice(below: 5)
    let label = draft.anyClass()
    let isElsewhere = draft.choices.choice(below: 3) == 2
    draft.target(label: isElsewhere && draft.shape.function == .shardPartials ? -1 : label)
    let scale = kind == 4 ? 40.0 : 3
    let isMerged = draft.shape.function == .mergedCrossEntropy
    draft.drawLogits { draft in
      let index = draft.logits.count
      switch kind {
      case 1 where !isMerged: return draft.absence
      case 1: return index == label ? draft.number(draft.choices.steppedNormal()) : draft.absence
      case 2:
        return draft.choices.oneIn(3) ? draft.absence : draft.number(draft.choices.steppedNormal())
      case 3: return index == 0 ? draft.number(draft.choices.steppedNormal()) : draft.logits[0]
      default: return draft.number(scale * draft.choices.steppedNormal())
      }
    }
  }
}
