public import LossFunctions

/// The gradients of log-sum-exp, softmax and log-softmax times `grad_output`, and the merge of shards, in the format's own
/// arithmetic, to copy into a kernel.
///
///     log-sum-exp  g·pᵢ
///     softmax      pᵢ·(gᵢ − Σ p·g), with what all g have in common taken off first: O(n)
///     log-softmax  gᵢ − pᵢ·Σ g, and (g·S − Σ of the others' g)/(1 + S) for the greatest: no 1 − p to cancel; where the
///                  logits are much alike (gᵢ − mean g) + mean g·(mean s − sᵢ)/(1 + mean s), s = e^(x − m) − 1
///     merge        (M − t) + log1p((s − 1) + Σ of the others' s·e^(m − M)), s the sum at the greatest maximum M
///
/// g·p is within 2.04u for the exponential, 2.02u for 1 + S and five roundings: below 10 ulps, 6.4 of all recorded. The other
/// two gradients are within as many u of the greater of their terms, once the common part is off. In the merge s − 1
/// is exact near 1, where the loss is small: 4.5 ulps of all recorded, besides the errors of the parts that it is given.
public struct PracticalUpstream: GradientAlgorithm {
  public var name: String { "practical" }
  public let function: LossFunction
  public var source: String { "ours" }

  /// - Returns: nil but for the gradients of log-sum-exp, softmax and log-softmax, and the merge of shards.
  public init?(_ function: LossFunction) {
    switch function {
    case .logSumExpGradient, .softmaxGradient, .logSoftmaxGradient, .mergedCrossEntropy:
      self.function = function
    default: return nil
    }
  }

  public var formula: String {
    switch function {
    case .logSumExpGradient: "g e_i / (1 + S); S = compensated sum of the others"
    case .softmaxGradient: "d = g - g_argmax; c = d - sum p d; p_i (c_i - sum p c)"
    case .logSoftmaxGradient:
      "g_i - p_i sum g; (g_i S - sum of the other g) / (1 + S) for i = argmax"
    default: "(M - t) + log1p((s - 1) + sum of the other s_k e^(m_k - M)); s of the greatest m"
    }
  }

  public func outputs<T: LossNumber>(logits x: [T], gradOutput g: [T]) -> [T] {
    if function == .mergedCrossEntropy { return [merged(x, g)] }
    let computed: [T]? = RowRoom<T>.with(6, of: x.count) { room in
      x.withUnsafeBufferPointer { outputs($0, g, room) }
    }
    if let computed { return computed }
    switch function {
    case .logSumExpGradient:
      return ShiftedLogSumExpGradient().outputs(logits: x, gradOutput: g)
    case .softmaxGradient: return OutputSoftmaxGradient().outputs(logits: x, gradOutput: g)
    default: return OutputLogSoftmaxGradient().outputs(logits: x, gradOutput: g)
    }
  }

  /// - Returns: nil where a number is not finite, or too great.
  @inline(never)
  private func outputs<T: LossNumber>(
    _ x: UnsafeBufferPointer<T>, _ g: [T], _ room: RowRoom<T>
  ) -> [T]? {
    let weights = PracticalWeights(x, halves: room[2], scratch: room)
    guard weights.row.isFinite, g.allSatisfy(\.isFinite) else { return nil }
    if function == .logSumExpGradient { return x.indices.map { weights.product($0, g[0]) } }
    let values = room[3]
    for index in x.indices { values[index] = g[index] }
    if function == .softmaxGradient {
      weights.centre(values, (room[4], room[5]))
    } else {
      let isFinite = Self.fillLogSoftmaxGradient(
        x, weights, values, (room[4], room[5]))
      if !isFinite { return nil }
    }
    return Array(values)
  }

  /// Puts the gradient of a log-softmax in the place of the numbers that it is multiplied by.
  ///
  /// - Parameter columns: Room for two numbers of each class.
  /// - Returns: false where the numbers are too great.
  @inline(never)
  private static func fillLogSoftmaxGradient<T: LossNumber>(
    _ x: UnsafeBufferPointer<T>, _ weights: PracticalWeights<T>, _ g: RowRoom<T>.Column,
    _ columns: (RowRoom<T>.Column, RowRoom<T>.Column)
  ) -> Bool {
    let greatest = weights.row.greatest
    let count = T(g.count)
    let size = g.reduce(0) { T.maximum($0, $1.magnitude) }
    guard (4 * count * size).isFinite else {
      // Where a sum or a difference of finite numbers may overflow: a power of two less.
      var part: T = 4
      while part < 4 * count { part = 2 * part }
      guard (4 * count * (size / part)).isFinite else { return false }
      for index in g.indices { g[index] = g[index] / part }
      guard fillLogSoftmaxGradient(x, weights, g, columns) else { return false }
      for index in g.indices { g[index] = part * g[index] }
      return true
    }
    let sum = weights.sum { g[$0] }
    // Two differences that come to the same; the one with the smaller terms has the smaller error. Of logits that are much
    // alike that is the second one, in s = e^(x − m) − 1.
    let (excesses, differences) = columns
    for index in x.indices {
      excesses[index] = T.expMinusOne(x[index] - weights.row.maximum)
      differences[index] = g[index] - g[greatest]
    }
    let excess = weights.sum { excesses[$0] } / count
    let centre = weights.sum { differences[$0] } / count
    let rest = weights.sum { $0 == greatest ? 0 : g[$0] }
    for index in g.indices {
      let spread = differences[index] - centre
      let slope = sum / count * ((excess - excesses[index]) / (1 + excess))
      let (own, share) =
        index == greatest
        ? (
          weights.mean(ofSum: g[index] * weights.row.sum),
          weights.mean(ofSum: weights.row.one * rest)
        ) : (g[index], weights.product(index, sum))
      let isSpreadLess =
        T.maximum(spread.magnitude, slope.magnitude) < T.maximum(own.magnitude, share.magnitude)
      g[index] = isSpreadLess ? spread + slope : own - share
    }
    return true
  }

  /// The loss of shards whose maxima are m, and g their sums and then their logits of the target.
  @inline(never)
  private func merged<T: LossNumber>(_ m: [T], _ g: [T]) -> T {
    let sums = Array(g[..<m.count])
    let counted = m.indices.filter { sums[$0] > 0 && m[$0] > -.infinity }
    let target = greatest(g[m.count...])
    guard let first = counted.first, target.isFinite,
      counted.allSatisfy({ m[$0].isFinite && sums[$0].isFinite }),
      m.allSatisfy({ !$0.isNaN }), sums.allSatisfy({ $0 >= 0 && $0.isFinite })
    else { return ReducedMergedCrossEntropy().outputs(logits: m, gradOutput: g)[0] }
    let lead = counted.reduce(first) { m[$1] > m[$0] ? $1 : $0 }
    let beyond = twoSum(sums[lead], -1)
    var terms = [beyond.sum, beyond.error]
    for shard in counted where shard != lead {
      let (difference, error) = twoSum(m[shard], -m[lead])
      let half = T.exp(difference / 2)
      terms.append((half + correction(half, error)) * (half * sums[shard]))
    }
    let excess = RowRoom<T>.with(1, of: terms.count) { errors in
      terms.withUnsafeMutableBufferPointer { compensatedSum($0, errors: errors[0]) }
    }
    let head = twoSum(m[lead], -target)
    guard head.sum.isFinite, excess.isFinite else {
      return ReducedMergedCrossEntropy().outputs(logits: m, gradOutput: g)[0]
    }
    let total = twoSum(1, excess)
    let logarithm =
      excess >= 1
      ? T.log(total.sum) + total.error / total.sum : T.log(onePlus: excess)
    return head.sum + (logarithm + head.error)
  }
}

/// The maximum, 1 + S with the compensated sum of the others, and the target's logit; nothing where all is masked.
///
/// 1 + S is within 2.02u and a rounding: below 3 ulps.
public struct PracticalShardPartials: CategoricalAlgorithm {
  public var name: String { "practical" }
  public let function = LossFunction.shardPartials
  public var formula: String { "m = max x; 1 + compensated sum of the others' e^(x - m)" }
  public var source: String { "ours" }

  /// - Returns: nil but for the partials of shards.
  public init?(_ function: LossFunction) {
    guard function == .shardPartials else { return nil }
  }

  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let row = x.withUnsafeBufferPointer { PracticalRow($0) }
    guard row.maximum != -.infinity else { return [row.maximum, 0, targetLogit(x, t)] }
    return [row.maximum, (row.one + row.sum) / row.one, targetLogit(x, t)]
  }
}
