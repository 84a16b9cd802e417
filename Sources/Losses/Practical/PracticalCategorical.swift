public import LossFunctions

/// The functions of a row in the format's own arithmetic, to copy into a kernel.
///
/// With m the greatest logit, at index g, and S = Σ e^(xᵢ − m) over i ≠ g:
///
///     loss      Σ yᵢ(m − xᵢ) + (Σ y)·log1p(S): terms of one sign
///     gradient  (Σ y)·e^(xᵢ − m)/(1 + S) − yᵢ, and (Σ y − y_g) − (Σ y)·S/(1 + S) for g
///
/// With u = ulp(1)/2 and exp and log1p within 1.02u, S is within 2.02u + o(u) of itself, u of it by the
/// plain sums of pairs, besides the rounding to one number, which is made good after the logarithm:
/// log1p(S + s) = log1p(S) + s/(1 + S) to first order. The condition of log1p is at most 1: log1p(S)
/// is within 3.04u, hence as many ulps at most, and half an ulp for the correction. For a label, the
/// head m − xₜ and its error are exact; their sum adds half an ulp, where the tail's error is already
/// halved. The loss is below 4 ulps. A row of one class has S = 0 and the loss 0.
///
/// For labels the gradient has no cancellation, and five roundings. For soft targets its error is that
/// many u times the greater of its terms. The loss of soft targets adds one rounding a class.
public struct PracticalCategorical: SoftTargetAlgorithm {
  public var name: String { "practical" }
  public let function: LossFunction
  public var source: String { "ours" }

  /// - Returns: nil for a function of one logit, and for those that other practical forms are of.
  public init?(_ function: LossFunction) {
    guard !function.isBinary, function.gradOutputKind == .none, !function.isOfShards,
      !function.isOfDistributions
    else {
      return nil
    }
    self.function = function
  }

  public var formula: String {
    switch function {
    case .crossEntropyGradient:
      "e_i/(1 + S) - [i = t], -S/(1 + S) for t = argmax; S = sum of the others"
    case .softmax: "e_i/(1 + S), 1/(1 + S) for i = argmax; S = compensated sum of the others"
    default: "(max - x_t) + log1p(compensated sum over i != argmax of e^(x_i - max))"
    }
  }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    x.withUnsafeBufferPointer { x in
      switch function {
      case .crossEntropy: return [Self.loss(x, label: t)]
      case .crossEntropyGradient: return Self.gradient(x, label: t)
      case .softmax: return Self.softmax(x).probabilities
      case .logSoftmax:
        let row = PracticalRow(x)
        return x.map { -row.loss(of: $0) }
      default:
        let row = PracticalRow(x)
        return [row.maximum + row.logarithm]
      }
    }
  }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], probabilities y: [T]) -> [T] {
    x.withUnsafeBufferPointer { x in
      function == .crossEntropyGradient
        ? Self.gradient(x, probabilities: y) : [Self.loss(x, probabilities: y)]
    }
  }

  /// −log pₜ.
  @inlinable
  public static func loss<T: LossNumber>(_ x: UnsafeBufferPointer<T>, label t: Int) -> T {
    PracticalRow(x).loss(of: x[t])
  }

  /// Σ yᵢ·(−log pᵢ): the compensated sum of yᵢ(m − xᵢ), and (Σ y)·log1p(S).
  @inlinable
  public static func loss<T: LossNumber>(_ x: UnsafeBufferPointer<T>, probabilities y: [T]) -> T {
    let row = PracticalRow(x)
    var head: T = 0
    var headError: T = 0
    var total: T = 0
    var totalError: T = 0
    for index in x.indices where y[index] != 0 {
      let (distance, error) = twoSum(row.maximum, -x[index])
      // Where m − x overflows its product with y need not.
      let isLarge = !distance.isFinite && x[index].isFinite && row.maximum.isFinite
      let term =
        isLarge
        ? 2 * (y[index] * (row.maximum / 2 - x[index] / 2))
        : x[index] == row.maximum && row.isFinite ? 0 : y[index] * distance
      let next = twoSum(head, term)
      (head, headError) =
        next.sum.isFinite && !isLarge
        ? fastTwoSum(next.sum, headError + (next.error + y[index] * error)) : (next.sum, 0)
      let nextTotal = twoSum(total, y[index])
      (total, totalError) = fastTwoSum(nextTotal.sum, totalError + nextTotal.error)
    }
    if row.logarithm == 0 { return head + headError }
    return head + ((total + totalError) * row.logarithm + headError)
  }

  /// The probabilities, and the share of all but the greatest: S/(1 + S).
  @inlinable
  static func softmax<T: LossNumber>(
    _ x: UnsafeBufferPointer<T>
  ) -> (probabilities: [T], greatest: Int, restShare: T) {
    let row = PracticalRow(x)
    let total = row.one + row.sum
    let isScaled = row.one != 1
    var probabilities = x.map { logit in
      let (term, correction) = exponentialTerm(logit, row.maximum)
      let share = (term + correction) / total
      return isScaled ? share * row.one : share
    }
    // Also where there is but one +∞; of several there is no limit.
    if row.maximum == .infinity {
      let count = x.count { $0 == .infinity }
      probabilities = x.map { $0 < .infinity ? 0 : count > 1 ? .nan : 1 }
      return (probabilities, row.greatest, count > 1 ? .nan : 0)
    }
    probabilities[row.greatest] = row.one / total
    return (probabilities, row.greatest, row.sum / total)
  }

  /// p − [i = t]; for the target −Σ of the others' p, where it is the greatest.
  @inlinable
  public static func gradient<T: LossNumber>(_ x: UnsafeBufferPointer<T>, label t: Int) -> [T] {
    var (gradient, greatest, restShare) = softmax(x)
    if t == greatest { gradient[t] = -restShare } else { gradient[t] -= 1 }
    return gradient
  }

  /// p·Σ y − y.
  @inlinable
  public static func gradient<T: LossNumber>(_ x: UnsafeBufferPointer<T>, probabilities y: [T])
    -> [T]
  {
    var (gradient, greatest, restShare) = softmax(x)
    var others: T = 0
    var error: T = 0
    for index in y.indices where index != greatest {
      let next = twoSum(others, y[index])
      (others, error) = fastTwoSum(next.sum, error + next.error)
    }
    let total = others + y[greatest]
    for index in y.indices { gradient[index] = gradient[index] * total - y[index] }
    gradient[greatest] = others - restShare * total
    return gradient
  }
}
