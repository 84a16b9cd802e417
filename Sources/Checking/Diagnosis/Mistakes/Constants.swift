internal import LossFunctions

// Outputs that do not depend on the row, or on another row.

extension Mistake {
  /// One number whatever the row.
  static let constantOutput = Mistake(
    "constant-output", "the outputs are the same whatever the row"
  ) { evidence in
    // A function of one class is constant in truth.
    let rows = evidence.rows.filter { $0.row.logits.count > 1 || evidence.function.isBinary }
    guard let value = rows.first?.computed.first, value.isFinite else { return [] }
    let isZero = value == 0
    return [
      Hypothesis(isZero ? "always 0" : "always \(value)") { row in
        evidence.outputs(value, for: row.row)
      },
      Hypothesis("one over the number of classes") { row in
        evidence.outputs(1 / Double(row.row.logits.count), for: row.row)
      },
    ]
  }

  /// What the first row has, for every row.
  static let firstRowForAll = Mistake(
    "first-row-for-all", "every row of a batch has what belongs to its first row"
  ) { evidence in
    let model = evidence.model
    return [
      Hypothesis("its label") { batch in
        evidence.withOtherLabels(batch) { _, _ in 0 }
      },
      Hypothesis("its outputs") { batch in
        guard batch.rowCount > 1, let first = batch.rows.first else {
          return batch.rows.map { _ in nil }
        }
        let outputs = model.outputs(first.row)
        return batch.rows.map { _ in outputs }
      },
      Hypothesis("its logits") { batch in
        guard batch.rowCount > 1, let first = batch.rows.first else {
          return batch.rows.map { _ in nil }
        }
        return batch.rows.map { model.outputs($0.row.with(first.row.logits)) }
      },
    ]
  }

  /// The label of the next row, or of the one before.
  static let labelOfOtherRow = Mistake(
    "label-of-another-row", "the labels are shifted by a row against the logits"
  ) { evidence in
    [
      Hypothesis("the next") { batch in
        evidence.withOtherLabels(batch) { ($0 + 1) % $1 }
      },
      Hypothesis("the one before") { batch in
        evidence.withOtherLabels(batch) { ($0 + $1 - 1) % $1 }
      },
      Hypothesis("in reverse order") { batch in
        evidence.withOtherLabels(batch) { $1 - 1 - $0 }
      },
    ]
  }
}

extension Evidence {
  /// One value for all outputs of a row.
  fileprivate func outputs(_ value: Double, for row: DoubleModel.Row) -> [Double] {
    [Double](repeating: value, count: function.outputCount(classCount: row.logits.count))
  }

  /// The outputs of a batch whose targets stand in other places.
  fileprivate func withOtherLabels(
    _ batch: ObservedBatch, _ place: (_ row: Int, _ count: Int) -> Int
  ) -> [[Double]?] {
    guard function.hasTarget, batch.isWhole, batch.rowCount > 1 else {
      return batch.rows.map { _ in nil }
    }
    return batch.rows.indices.map { index in
      let other = batch.rows[place(index, batch.rowCount)].row
      var row = batch.rows[index].row
      (row.label, row.probabilities) = (other.label, other.probabilities)
      row.targetLogits = other.targetLogits
      return model.outputs(row)
    }
  }
}
