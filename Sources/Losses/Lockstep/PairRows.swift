internal import FloatFormats

extension CategoricalAlgorithm {
  /// `fill` with 64 rows in lockstep where they go the same way, and else one by one.
  func fillInLockstep(
    _ values: UnsafeMutableBufferPointer<Float>, first: Float,
    seconds: UnsafeBufferPointer<Float>, label: Int, in format: FloatFormat
  ) -> Bool {
    switch format {
    case .float16: fill(values, Binary16(first), seconds, label)
    case .bfloat16: fill(values, BFloat16(first), seconds, label)
    case .float32: fill(values, first, seconds, label)
    default: return false
    }
    return true
  }

  private func fill<Number: LockstepNumber>(
    _ values: UnsafeMutableBufferPointer<Float>, _ first: Number,
    _ seconds: UnsafeBufferPointer<Float>, _ label: Int
  ) {
    let rowCount = SIMD64<Float>.scalarCount
    var start = 0
    while start < seconds.count {
      let end = min(start + rowCount, seconds.count)
      var hasDiverged = end < start + rowCount
      if !hasDiverged {
        var lanes = SIMD64<Float>()
        let rest = UnsafeBufferPointer(rebasing: seconds[start..<end])
        lanes.withFloats { floats in
          if let numbers = rest.baseAddress { floats.update(from: numbers, count: rowCount) }
        }
        withUnsafeMutablePointer(to: &hasDiverged) { divergence in
          let x = [Lockstep(constant: first), Lockstep(lanes, divergence)]
          let row = outputs(logits: x, label: label)
          for j in row.indices {
            row[j].lanes.withFloats { floats in
              for i in 0..<rowCount { values[(start + i) * row.count + j] = floats[i] }
            }
          }
        }
      }
      if hasDiverged {
        for i in start..<end {
          let row = outputs(logits: [first, Number(exact: seconds[i])], label: label)
          for j in row.indices { values[i * row.count + j] = row[j].float }
        }
      }
      start = end
    }
  }
}
