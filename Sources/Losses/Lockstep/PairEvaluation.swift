internal import FloatFormats
internal import LossFunctions

extension CategoricalAlgorithm {
  /// The outputs for many rows of two classes and one label or none, as sweeps make them by the billion: 64 rows in
  /// lockstep where they go the same way, and else one by one.
  ///
  /// - Returns: nil for other rows, and for formats of more than 32 bits.
  func evaluateInLockstep(_ rows: LossRows) -> ComputedRows? {
    guard rows.classCount == 2, rows.count >= SIMD64<Float>.scalarCount else { return nil }
    let label = function.hasTarget ? rows.labels.first ?? -1 : 0
    guard function.isOfLosses || rows.targetKind == .none, (0...1).contains(label),
      rows.labels.allSatisfy({ $0 == label })
    else { return nil }
    return switch rows.format {
    case .float16: outputs(rows, Int(label), Binary16.self)
    case .bfloat16: outputs(rows, Int(label), BFloat16.self)
    case .float32: outputs(rows, Int(label), Float.self)
    default: nil
    }
  }

  private func outputs<Number: LockstepNumber>(
    _ rows: LossRows, _ label: Int, _: Number.Type
  ) -> ComputedRows {
    let outputCount = function.hasOutputPerClass ? 2 : 1
    let rowCount = SIMD64<Float>.scalarCount
    return ComputedRows(rows.format, count: rows.count * outputCount, hasBounds: false) {
      values, _ in
      rows.logits.doubles.withUnsafeBufferPointer { logits in
        for start in stride(from: 0, to: rows.count, by: rowCount) {
          let block = start..<min(start + rowCount, rows.count)
          var hasDiverged = block.count < rowCount
          if !hasDiverged {
            withUnsafeMutablePointer(to: &hasDiverged) { divergence in
              let x = (0..<2).map { column in
                var lanes = SIMD64<Float>()
                lanes.withFloats { floats in
                  for i in 0..<rowCount { floats[i] = Float(logits[2 * (start + i) + column]) }
                }
                return Lockstep<Number>(lanes, divergence)
              }
              let row = outputs(logits: x, label: label)
              for j in 0..<outputCount {
                row[j].lanes.withFloats { floats in
                  for i in 0..<rowCount {
                    values[(start + i) * outputCount + j] = Double(floats[i])
                  }
                }
              }
            }
          }
          guard hasDiverged else { continue }
          for i in block {
            let x = logits[2 * i..<2 * i + 2].map { Number(exact: Float($0)) }
            let row = outputs(logits: x, label: label)
            for j in 0..<outputCount { values[i * outputCount + j] = row[j].double }
          }
        }
      }
    }
  }
}
