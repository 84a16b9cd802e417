public import LossFunctions

/// The gradients of the losses of logits times g = `grad_output`, in the format's own arithmetic, to copy into a kernel.
///
///     binary       ±g·w/(1 + w) or ±g/(1 + w) for a hard label, w = e^(−|z|); for a soft one g times `PracticalBinary`'s
///     categorical  g·pᵢ where the target is 0, and g·(pᵢ·Σ y − yᵢ); g·(Σ of the others' y − Σ y·S/(1 + S)) for the greatest
///
/// Of a hard label g is multiplied before e^(−|z|), or e^(x − m), underflows: see `PracticalWeights`. Those have the errors of
/// `PracticalUpstream`, below 10 ulps; soft targets those of `PracticalCategorical`, u of the greater of two terms each.
public struct PracticalLossGradient: UpstreamAlgorithm {
  public var name: String { "practical-upstream" }
  public let function: LossFunction
  public var source: String { "ours" }

  /// - Returns: nil but for the gradients of the losses.
  public init?(_ function: LossFunction) {
    guard [.binaryCrossEntropyGradient, .crossEntropyGradient].contains(function) else {
      return nil
    }
    self.function = function
  }

  public var formula: String {
    function.isBinary
      ? "w = e^-|z|; y = 0 ? g (z < 0 ? w : 1)/(1 + w) : y = 1 ? -g (z < 0 ? 1 : w)/(1 + w)"
      : "y_i = 0 ? g p_i : g (p_i sum y - y_i); g (sum of the other y - S sum y/(1 + S)) for i = argmax"
  }

  public func outputs<T: LossNumber>(logits x: [T], target y: [T], gradOutput g: T) -> [T] {
    function.isBinary ? [binary(x[0], y[0], g)] : categorical(x, y, g)
  }

  private func binary<T: LossNumber>(_ z: T, _ y: T, _ g: T) -> T {
    if y == 0 {
      return z < 0 ? PracticalBinary.tail(z, times: g) : g / (1 + T.exp(-z))
    }
    if y == 1 {
      return z > 0 ? -PracticalBinary.tail(z, times: g) : -g / (1 + T.exp(z))
    }
    return PracticalBinary.gradient(z, y) * g
  }

  private func categorical<T: LossNumber>(_ x: [T], _ y: [T], _ g: T) -> [T] {
    let computed: [T]? = RowRoom<T>.with(3, of: x.count) { room in
      x.withUnsafeBufferPointer { categorical($0, y, g, room) }
    }
    return computed
      ?? UpstreamCrossEntropyGradient().outputs(logits: x, target: y, gradOutput: g)
  }

  /// - Returns: nil where a number is not finite.
  @inline(never)
  private func categorical<T: LossNumber>(
    _ x: UnsafeBufferPointer<T>, _ y: [T], _ g: T, _ room: RowRoom<T>
  ) -> [T]? {
    let weights = PracticalWeights(x, halves: room[2], scratch: room)
    guard weights.row.isFinite, g.isFinite, y.allSatisfy(\.isFinite) else { return nil }
    let greatest = weights.row.greatest
    let others = weights.sum { $0 == greatest ? 0 : y[$0] }
    let total = others + y[greatest]
    // S times g, which may be far above S.
    let sum = weights.sum { $0 == greatest ? 0 : weights.term($0, g) }
    return x.indices.map { index in
      guard index != greatest else {
        let share = total * weights.mean(ofSum: sum)
        return others == 0 ? -share : g * others - share
      }
      let share = total * weights.product(index, g)
      return y[index] == 0 ? share : share - g * y[index]
    }
  }
}
