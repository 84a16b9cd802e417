public import FloatFormats
internal import LossFunctions
internal import Multiprecision

extension FaithfulCategorical: PairBatches {
  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, first: Float,
    seconds: UnsafeBufferPointer<Float>, label: Int, in format: FloatFormat
  ) -> Bool {
    guard function == .crossEntropy || function == .crossEntropyGradient else { return false }
    // Infinities and NaN have no digits to lose.
    guard first.isFinite else {
      return PracticalCategorical(function)?.fill(
        values, first: first, seconds: seconds, label: label, in: format) ?? false
    }
    switch format {
    case .float16: fill(values, Binary16(exact: first), seconds, label)
    case .bfloat16: fill(values, BFloat16(exact: first), seconds, label)
    case .float32: fill(values, first, seconds, label)
    default: return false
    }
    return true
  }

  private func fill<Number: LockstepNumber>(
    _ values: UnsafeMutableBufferPointer<Float>, _ first: Number,
    _ seconds: UnsafeBufferPointer<Float>, _ label: Int
  ) {
    let outputCount = function == .crossEntropyGradient ? 2 : 1
    for (i, second) in seconds.enumerated() {
      let outputs = UnsafeMutableBufferPointer(
        rebasing: values[i * outputCount..<(i + 1) * outputCount])
      guard second.isFinite else {
        _ = PracticalCategorical(function)?.fill(
          outputs, first: first.float, seconds: UnsafeBufferPointer(rebasing: seconds[i...i]),
          label: label, in: Number.format)
        continue
      }
      if fillQuickly(outputs, first, second, label) { continue }
      let row = self.values(
        logits: [first.double, Double(second)], target: label == 0 ? [1, 0] : [0, 1], .odd)
      for j in row.indices { outputs[j] = Number(roundingOnce: row[j]).float }
    }
  }

  /// Whether the quick phase decides the outputs of a pair: the binary loss, or its gradient, of what the
  /// logit of the label is greater by.
  @inline(__always)
  private func fillQuickly<Number: LockstepNumber>(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ first: Number, _ second: Float, _ label: Int
  ) -> Bool {
    let difference = first.double - Double(second)
    let logit = label == 0 ? difference : -difference
    guard function == .crossEntropyGradient else {
      let quick = QuickValue.loss(logit: logit, target: 1)
      guard let loss = quick.rounded(to: Number.self) else { return false }
      outputs[0] = loss.float
      return true
    }
    let quick = QuickValue.gradient(logit: logit, target: 1)
    guard let gradient = quick.rounded(to: Number.self) else { return false }
    outputs[label] = gradient.float
    outputs[1 - label] = -gradient.float
    return true
  }
}
