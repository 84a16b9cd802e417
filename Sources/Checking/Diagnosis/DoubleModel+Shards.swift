internal import LossFunctions
internal import SmallFoundation

// Parts of a loss whose classes are split in shards.

extension DoubleModel {
  /// The maximum, the sum of exponentials, and the target's logit.
  func shardPartials(_ x: [Double], _ row: Row) -> [Double] {
    let greatest = Self.greatest(x)
    let sum = greatest == -.infinity ? 0 : exp(steps.excess(x, greatest))
    let label = row.label ?? -1
    return [greatest, sum, x.indices.contains(label) ? x[label] : -.infinity]
  }

  /// The loss that shards are merged to.
  func mergedLoss(_ row: Row) -> Double {
    let parts = MergedParts(row)
    return (parts.greatest - parts.target) + log(parts.sum)
  }
}

/// What a loss is merged from: the greatest maximum, the target's logit, and the sum brought to the one.
struct MergedParts {
  let maxima: [Double]
  let sums: [Double]
  let targets: [Double]

  init(_ row: DoubleModel.Row) {
    maxima = row.logits
    sums = Array(row.gradOutput.prefix(maxima.count))
    targets = Array(row.gradOutput.dropFirst(maxima.count))
  }

  var greatest: Double {
    DoubleModel.greatest(zip(maxima, sums).map { $1 == 0 ? -.infinity : $0 })
  }
  var target: Double { DoubleModel.greatest(targets) }
  var sum: Double {
    let greatest = greatest
    return zip(maxima, sums).reduce(0) {
      $1.1 == 0 || $1.0 == -.infinity ? $0 : $0 + $1.1 * exp($1.0 - greatest)
    }
  }
}
