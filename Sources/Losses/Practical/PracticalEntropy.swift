public import LossFunctions

/// The entropy of a softmax and its gradient in the format's own arithmetic, to copy into a kernel.
///
/// With m the greatest logit, at index g, d = m − x and S = Σ e^(−dᵢ) over i ≠ g:
///
///     entropy   log1p(S) + Σ pᵢ·dᵢ: terms of one sign
///     gradient  pᵢ·(dᵢ − Σ pⱼ·dⱼ), which for g is −p_g·Σ pⱼ·dⱼ: no 1 to cancel with
///
/// −Σ p·log p of a leading class has log p = −S to the digits that are left of 1 − S: in float32 nothing below 6e−8.
///
/// log1p(S) is within 3.04u (`PracticalCategorical`). p·d is within 2.04u for e^(−d), 2.02u for 1 + S and five
/// roundings; the entropy is below 10 ulps, 5.7 of all recorded. The gradient is within as many u of the greater of pᵢ·dᵢ
/// and pᵢ times the mean distance from the mean of d. Of a class that is as far away as the mean no more can be said:
/// its gradient is the rounding of the exponentials, which the format does not hold.
public struct PracticalEntropy: CategoricalAlgorithm {
  public var name: String { "practical" }
  public let function: LossFunction
  public var source: String { "ours: −log p = (max − x) + log1p(S), for all classes at once" }

  /// - Returns: nil but for the entropy and its gradient.
  public init?(_ function: LossFunction) {
    guard function == .entropy || function == .entropyGradient else { return nil }
    self.function = function
  }

  public var formula: String {
    function == .entropy
      ? "log1p(S) + compensated sum of p (max - x); S = compensated sum of the others"
      : "d = max - x; p_i (d_i - sum p d)"
  }

  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let computed: [T]? = RowRoom<T>.with(6, of: x.count) { room in
      x.withUnsafeBufferPointer { outputs($0, room) }
    }
    return computed
      ?? (function == .entropy
        ? LogSoftmaxEntropy().outputs(logits: x, label: t)
        : LogSoftmaxEntropyGradient().outputs(logits: x, label: t))
  }

  /// - Returns: nil of a row whose greatest logit is infinite or NaN.
  @inline(never)
  private func outputs<T: LossNumber>(
    _ x: UnsafeBufferPointer<T>, _ room: RowRoom<T>
  ) -> [T]? {
    let weights = PracticalWeights(x, halves: room[2], scratch: room)
    let maximum = weights.row.maximum
    guard maximum.isFinite else { return nil }
    guard function == .entropyGradient else {
      return [weights.row.logarithm + weights.mean { maximum - x[$0] }]
    }
    let values = room[3]
    for index in x.indices { values[index] = -x[index] }
    weights.centre(values, (room[4], room[5]))
    return Array(values)
  }
}
