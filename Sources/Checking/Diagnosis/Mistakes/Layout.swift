internal import FloatFormats
internal import LossFunctions

// Labels and classes that are not where they are looked for.

extension Mistake {
  /// The label's neighbour.
  static let offByOneLabel = Mistake(
    "off-by-one-label", "labels are counted from 1 here and from 0 there"
  ) { evidence in
    [
      evidence.moved("label + 1, around") { ($0 + 1) % $1 },
      evidence.moved("label − 1, around") { ($0 + $1 - 1) % $1 },
      evidence.moved("label + 1, up to the last") { min($0 + 1, $1 - 1) },
      evidence.moved("label − 1, down to the first") { label, _ in max(label - 1, 0) },
      evidence.moved("label + 1") { $0 + 1 < $1 ? $0 + 1 : nil },
      evidence.moved("label − 1") { label, _ in label > 0 ? label - 1 : nil },
      evidence.moved("the labels in reverse order") { $1 - 1 - $0 },
      evidence.moved("always the first class") { _, _ in 0 },
      evidence.moved("always the last class") { $1 - 1 },
    ]
  }

  /// A class index in a type that does not hold it.
  static let narrowIndex = Mistake(
    "class-index-in-few-bits", "the class index is held in too few bits; use 32 or more"
  ) { evidence in
    [8, 15, 16].map { bits in
      evidence.moved("it wraps at \(1 << bits)") { label, _ in label & (1 << bits - 1) }
    }
      + [8, 16].map { bits in
        evidence.moved("it is negative from \(1 << (bits - 1)), and counts from the end") {
          label, count in
          let low = label & (1 << bits - 1)
          let index = low < 1 << (bits - 1) ? low : low - 1 << bits + count
          return (0..<count).contains(index) ? index : nil
        }
      }
      + [127, 255, 32_767, 65_535].map { greatest in
        evidence.moved("it ends at \(greatest)") { label, _ in min(label, greatest) }
      }
      + [FloatFormat.bfloat16, .float16].map { format in
        evidence.moved("it is rounded to \(format)") { label, count in
          let index = format.nearest(Double(label))
          return index < Double(count) ? Int(index) : nil
        }
      }
  }

  /// The batch read as [classes, rows].
  static let transposedClasses = Mistake(
    "class-axis-transposed", "the logits are read as [classes, rows]; the classes come last"
  ) { evidence in
    guard !evidence.function.isBinary else { return [] }
    let model = evidence.model
    return [
      Hypothesis { batch in
        let rows = batch.rows.map(\.row)
        let (rowCount, classCount) = (rows.count, batch.classCount)
        guard batch.isWhole, rowCount > 1, classCount > 1 else { return rows.map { _ in nil } }
        let flat = rows.flatMap(\.logits)
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
    return [Hypothesis { evidence.outputs($0, softmaxOver: $0.rows.count) }]
  }

  /// Logits [outer, classes, inner], of which the last axis is taken for that of the classes: what PyTorch's
  /// `softmax(x)` of three axes and `dim=-1` do not do alike, and kernels do that read without a stride.
  static let innerAxisForClasses = Mistake(
    "last-axis-for-classes", "the last axis is taken for that of the classes, which is another"
  ) { evidence in
    guard let inner = evidence.layout.inner, inner > 1, !evidence.function.isBinary else {
      return []
    }
    let (model, layout) = (evidence.model, evidence.layout)
    return [
      Hypothesis("the softmax runs over it") { evidence.outputs($0, softmaxOver: inner) },
      Hypothesis("each row is read without a stride") { batch in
        let (count, classCount) = (batch.rows.count, batch.classCount)
        guard batch.isWhole else { return batch.rows.map { _ in nil } }
        let rows = (0..<layout.filled(count)).map { batch.rows[$0 % count].row }
        let flat = rows.flatMap(\.logits)
        let array = layout.sources(rows.count, each: classCount).map { flat[$0] }
        let outputs = rows.indices.map { row in
          model.outputs(
            rows[row].with(Array(array[row * classCount..<(row + 1) * classCount])))
        }
        guard evidence.function.hasOutputPerClass else { return Array(outputs.prefix(count)) }
        // They are written where they were read.
        let written = outputs.flatMap { $0 }
        guard written.count == flat.count else { return batch.rows.map { _ in nil } }
        let places = layout.places(rows.count, each: classCount)
        return (0..<count).map { row in
          places[row * classCount..<(row + 1) * classCount].map { written[$0] }
        }
      },
    ]
  }
}

extension Evidence {
  /// The outputs with a softmax of each class over so many rows, of which the first fill what the last leave.
  fileprivate func outputs(
    _ batch: ObservedBatch, softmaxOver size: Int
  ) -> [[Double]?] {
    let (rows, count) = (batch.rows.map(\.row), batch.rows.count)
    guard batch.isWhole, size > 1 else { return rows.map { _ in nil } }
    let x = rows.map(model.scaled)
    let blocks = stride(from: 0, to: count, by: size).map { first in
      (0..<batch.classCount).map { index in
        DoubleModel.logSoftmax((first..<first + size).map { x[$0 % count][index] })
      }
    }
    return rows.indices.map { row in
      let logarithms = blocks[row / size].map { $0[row % size] }
      let y = logarithms.indices.map { model.coefficient($0, rows[row]) }
      switch function {
      case .logSoftmax: return logarithms
      case .softmax: return logarithms.map(DoubleModel.exponential)
      case .crossEntropy: return [-zip(y, logarithms).reduce(0) { $0 + $1.0 * $1.1 }]
      case .crossEntropyGradient:
        return zip(y, logarithms).map {
          (DoubleModel.exponential($0.1) - $0.0) / model.temperature
        }
      default: return nil
      }
    }
  }
}

extension Evidence {
  /// The outputs with another label for each; nothing is said of rows for which `move` gives none.
  fileprivate func moved(
    _ detail: String, _ move: @escaping @Sendable (_ label: Int, _ count: Int) -> Int?
  ) -> Hypothesis {
    let (model, isOfClasses) = (model, !function.isBinary && function.hasTarget)
    return Hypothesis(detail) { row in
      guard isOfClasses, let label = row.row.label, !model.isIgnored(row.row),
        let moved = move(label, row.row.logits.count)
      else { return nil }
      return model.outputs(row.row.with(label: moved))
    }
  }
}
