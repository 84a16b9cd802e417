internal import LossFunctions

// Labels and classes that are not where they are looked for.

extension Mistake {
  /// The label's neighbour.
  static let offByOneLabel = Mistake(
    "off-by-one-label", "labels are counted from 1 here and from 0 there"
  ) { evidence in
    let model = evidence.model
    func shifted(_ detail: String, _ move: @escaping @Sendable (Int, Int) -> Int?) -> Hypothesis {
      Hypothesis(detail) { row in
        let row = DoubleModel.Row(row.input)
        guard let label = row.label, label != evidence.options.ignoreIndex,
          let moved = move(label, row.logits.count)
        else { return nil }
        return model.outputs(row.with(label: moved))
      }
    }
    guard evidence.function == .crossEntropy || evidence.function == .crossEntropyGradient else {
      return []
    }
    return [
      shifted("label + 1, around") { ($0 + 1) % $1 },
      shifted("label − 1, around") { ($0 + $1 - 1) % $1 },
      shifted("label + 1, up to the last") { min($0 + 1, $1 - 1) },
      shifted("label − 1, down to the first") { label, _ in max(label - 1, 0) },
      shifted("label + 1") { $0 + 1 < $1 ? $0 + 1 : nil },
      shifted("label − 1") { label, _ in label > 0 ? label - 1 : nil },
      shifted("the labels in reverse order") { $1 - 1 - $0 },
      shifted("always the first") { _, _ in 0 },
    ]
  }

  /// The batch read as [classes, rows].
  static let transposedClasses = Mistake(
    "class-axis-transposed", "the logits are read as [classes, rows]; the classes come last"
  ) { evidence in
    guard !evidence.function.isBinary else { return [] }
    let model = evidence.model
    return [
      Hypothesis { batch in
        let rows = batch.rows.map { DoubleModel.Row($0.input) }
        let flat = rows.flatMap(\.logits)
        let (rowCount, classCount) = (rows.count, batch.classCount)
        guard batch.isWhole, rowCount > 1, classCount > 1 else { return rows.map { _ in nil } }
        let transposed = rows.indices.map { row in
          model.outputs(rows[row].with((0..<classCount).map { flat[$0 * rowCount + row] }))
        }
        guard evidence.function.hasOutputPerClass else { return transposed }
        // The outputs are written where they would stand if they were [classes, rows].
        var written = [Double](repeating: 0, count: flat.count)
        for row in rows.indices {
          for index in 0..<classCount { written[index * rowCount + row] = transposed[row][index] }
        }
        return rows.indices.map { Array(written[$0 * classCount..<($0 + 1) * classCount]) }
      }
    ]
  }

  /// The softmax of each class over the rows.
  static let softmaxOverRows = Mistake(
    "softmax-over-rows", "the softmax runs over the batch; it is to run over the classes"
  ) { evidence in
    guard !evidence.function.isBinary else { return [] }
    return [
      Hypothesis { batch in
        let rows = batch.rows.map { DoubleModel.Row($0.input) }
        guard batch.isWhole, rows.count > 1 else { return rows.map { _ in nil } }
        let columns = (0..<batch.classCount).map { index in
          DoubleModel.logSoftmax(rows.map { $0.logits[index] })
        }
        return rows.indices.map { row in
          let logarithms = columns.map { $0[row] }
          let y = evidence.model.smoothed(rows[row])
          switch evidence.function {
          case .logSoftmax: return logarithms
          case .softmax: return logarithms.map(DoubleModel.exponential)
          case .crossEntropy: return [-zip(y, logarithms).reduce(0) { $0 + $1.0 * $1.1 }]
          case .crossEntropyGradient:
            return zip(y, logarithms).map { DoubleModel.exponential($0.1) - $0.0 }
          default: return nil
          }
        }
      }
    ]
  }
}
