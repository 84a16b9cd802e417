public import LossFunctions

/// The divergences of two rows and their gradients in the format's own arithmetic, to copy into a kernel.
///
/// With τ = log(q/p) from `PracticalRatios`:
///
///     KL divergence  log1p(Σ q·φ(η)): terms of one sign
///     its gradient   p − q = q·expm1(−τ), or −p·expm1(τ) for τ < 0
///     JS divergence  Σ (p + q)/2·G(λ), λ = (q − p)/(q + p) from τ alone: terms of one sign
///     its gradient   pᵢ·(ℓᵢ − Σ p·ℓ)/2, ℓ = log(1 − λ), which is log(p/m)
///
/// The common forms, Σ q·(log q − log p) and the like, have errors of a few roundings of each logarithm: of rows that are
/// equal but for ε that is u/ε² of the divergence, which is ε²/2 or so, and u/ε of a gradient.
///
/// A term q·φ is within 2.04u for e^(y − m), 2.02u for the sum and some six roundings, and so is each of the JS
/// divergence: where the logarithms are above it, three to five times that, for G(λ) is a difference then. The divergences
/// are below 12 ulps, 7.3 and 8.9 of all recorded. A gradient is within as many u of p·max(|η|, K): next to a class in which the two rows
/// agree its value is a difference of τ's two parts, and no more can be said.
public struct PracticalDivergence: TargetLogitsAlgorithm {
  public var name: String { "practical" }
  public let function: LossFunction
  /// The sums of series leave a rest.
  public let isExactFormula = false
  public var source: String { "ours: log(q/p) by its mean under q and the distance from it" }

  /// - Returns: nil but for the divergences and their gradients.
  public init?(_ function: LossFunction) {
    guard function.comparesLogits else { return nil }
    self.function = function
  }

  public var formula: String {
    let ratio = "d = y - x; h = d - sum q d"
    return switch function {
    case .klDivergence: "\(ratio); log1p(sum q (e^-h - 1 + h))"
    case .klDivergenceGradient:
      "\(ratio); r = h + log1p(sum q (e^-h - 1 + h)); q_i expm1(-r_i), -p_i expm1(r_i) for r_i < 0"
    case .jsDivergence: "l = tanh(log(q / p) / 2); sum (p + q) / 2 (l^2 / 2 + l^4 / 12 + ...)"
    default: "l = tanh(log(q / p) / 2); p_i (log1p(-l_i) - sum p log1p(-l)) / 2"
    }
  }

  public func outputs<T: LossNumber>(logits x: [T], targetLogits y: [T]) -> [T] {
    let computed: [T]? = RowRoom<T>.with(PracticalRatios<T>.columnCount + 2, of: x.count) { room in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in outputs(x, y, room) }
      }
    }
    return computed ?? common(x, y)
  }

  @inline(never)
  private func outputs<T: LossNumber>(
    _ x: UnsafeBufferPointer<T>, _ y: UnsafeBufferPointer<T>, _ room: RowRoom<T>
  ) -> [T]? {
    guard let ratios = PracticalRatios(x, y, room) else { return nil }
    if function == .klDivergence { return [ratios.divergence] }
    let columns = PracticalRatios<T>.columnCount
    let target = ratios.target
    let weights = PracticalWeights(x, halves: room[columns], scratch: room)
    let values = room[columns + 1]
    for index in x.indices { values[index] = ratios.logarithm(index) }
    switch function {
    case .klDivergenceGradient:
      for index in x.indices {
        let tau = values[index]
        values[index] =
          tau >= 0
          ? target.product(index, T.expMinusOne(-tau)) : -weights.product(index, T.expMinusOne(tau))
      }
    case .jsDivergence:
      let (rests, series) = (room[columns - 3], room[columns - 2])
      Self.fillSeries(of: values, rests, squares: room[columns - 1], series)
      let sum = target.sum { index in
        let share = Self.share(values[index].magnitude, rests[index], series[index])
        return values[index] >= 0 ? target.product(index, share) : weights.product(index, share)
      }
      return [sum]
    default:
      // log(p/m), or where the leading class has nearly log 2 what is left to it.
      let isNearLog2 = values[weights.row.greatest] < -1
      for index in x.indices {
        let tau = values[index]
        values[index] = (isNearLog2 ? Self.logarithmOfMean(tau) : Self.logarithmOfHalf(tau)) / 2
      }
      weights.centre(values, (room[columns - 2], room[columns - 1]))
    }
    return Array(values)
  }

  /// (1 + e)/2·G(λ) for e = e^(−τ) and λ = (1 − e)/(1 + e), τ ≥ 0: G(λ) = Σ λ^(2k)/(2k(2k − 1)).
  ///
  /// - Parameters:
  ///   - rest: e − 1.
  ///   - series: The sum.
  @inline(never)
  private static func share<T: LossNumber>(_ tau: T, _ rest: T, _ series: T) -> T {
    let lambda = -rest / (2 + rest)
    guard lambda * 2 > 1 else { return (2 + rest) / 2 * series }
    // e·τ is 0 where e is, τ infinite among them.
    let power = T.exp(-tau)
    return ((1 + power) * T.log(onePlus: lambda) - (power == 0 ? 0 : power * tau)) / 2
  }

  /// G(λ) of each class, all in step, for each term waits for the one before.
  @inline(never)
  private static func fillSeries<T: LossNumber>(
    of tau: RowRoom<T>.Column, _ rests: RowRoom<T>.Column, squares: RowRoom<T>.Column,
    _ series: RowRoom<T>.Column
  ) {
    for index in tau.indices {
      let rest = T.expMinusOne(-tau[index].magnitude)
      let lambda = -rest / (2 + rest)
      rests[index] = rest
      squares[index] = lambda * lambda
      series[index] = 0
    }
    for k in stride(from: T.ulpOfOne * 0x4000_0000 > 1 ? 11 : 25, through: 1, by: -1) {
      let coefficient = 1 / T(2 * k * (2 * k - 1))
      for index in tau.indices { series[index] = coefficient + squares[index] * series[index] }
    }
    for index in tau.indices { series[index] = squares[index] * series[index] }
  }

  /// log(p/(2m)) = −log(1 + e^τ).
  @inline(never)
  private static func logarithmOfMean<T: LossNumber>(_ tau: T) -> T {
    tau < 0 ? -T.log(onePlus: T.exp(tau)) : -tau - T.log(onePlus: T.exp(-tau))
  }

  /// log(p/m) = log(1 − λ).
  @inline(never)
  private static func logarithmOfHalf<T: LossNumber>(_ tau: T) -> T {
    guard tau < 1 else { return T.log(2) - tau - T.log(onePlus: T.exp(-tau)) }
    let rest = T.expMinusOne(tau)
    return T.log(onePlus: -rest / (2 + rest))
  }

  /// Infinities and NaN, and what overflows, have no digits to lose.
  @inline(never)
  private func common<T: LossNumber>(_ x: [T], _ y: [T]) -> [T] {
    switch function {
    case .klDivergence: LogSoftmaxKLDivergence().outputs(logits: x, targetLogits: y)
    case .klDivergenceGradient: SoftmaxKLDivergenceGradient().outputs(logits: x, targetLogits: y)
    case .jsDivergence: LogSoftmaxJSDivergence().outputs(logits: x, targetLogits: y)
    default: LogSoftmaxJSDivergenceGradient().outputs(logits: x, targetLogits: y)
    }
  }
}
