// e^(−|z|) and log1p of it in double arithmetic, four lanes at a time. No tables, no branches, no
// fused operations: each step is one rounding to nearest, as the proofs assume.
//
//     e^x:      x = k·log 2 + r, |r| ≤ log 2 / 2 + 2⁻⁴⁰, then a polynomial and an exponent;
//     log1p(w): 2·artanh(u) for u = w/(2 + w), a polynomial in u². All terms are positive, so the
//               relative error stays small where w is.
//
// The bounds are proven by `tools/proofs/run`, from the constants and this order of operations.

typealias Lanes = SIMD4<Double>

enum Kernel {
  private typealias C = KernelConstants

  /// e^(−a) for 0 ≤ a ≤ 126, within a relative `exponentialBound`.
  @inline(__always)
  static func exponential(negated a: Lanes) -> Lanes {
    let shifted = C.rounder - a * C.inverseLog2
    let k = shifted - C.rounder
    // Both products by k with the high part, and this difference, are exact.
    let r = (-a - k * C.log2High) - k * C.log2Low
    var p = Lanes(repeating: C.e11)
    p = C.e10 + r * p
    p = C.e9 + r * p
    p = C.e8 + r * p
    p = C.e7 + r * p
    p = C.e6 + r * p
    p = C.e5 + r * p
    p = C.e4 + r * p
    p = C.e3 + r * p
    p = C.e2 + r * p
    p = 1 + r * p
    p = 1 + r * p
    return p * powerOfTwo(shifted)
  }

  /// 2^k for the k in the last bits of `shifted`.
  @inline(__always)
  private static func powerOfTwo(_ shifted: Lanes) -> Lanes {
    let bits = unsafeBitCast(shifted, to: SIMD4<UInt64>.self)
    return unsafeBitCast((bits &+ 1023) &<< 52, to: Lanes.self)
  }

  /// log1p(w) for 0 < w ≤ 1, the error of w apart within a few roundings.
  @inline(__always)
  static func logarithmOnePlus(_ w: Lanes) -> Lanes {
    let u = w / (2 + w)
    let s = u * u
    var p = Lanes(repeating: C.a9)
    p = C.a8 + s * p
    p = C.a7 + s * p
    p = C.a6 + s * p
    p = C.a5 + s * p
    p = C.a4 + s * p
    p = C.a3 + s * p
    p = C.a2 + s * p
    p = C.a1 + s * p
    p = C.a0 + s * p
    p = 1 + s * p
    return (u + u) * p
  }

  /// softplus(z) = max(z, 0) + log1p(e^(−|z|)), within a relative `lossBound` for |z| ≤ 126, and for
  /// z above; below −126 the value and the exact one lie between 0 and 2⁻¹⁸¹.
  @inline(__always)
  static func softplus(_ z: Lanes) -> Lanes {
    let zero = Lanes(repeating: 0)
    let head = z.replacing(with: zero, where: z .< zero)
    return head + logarithmOnePlus(exponential(negated: clampedMagnitude(z)))
  }

  /// σ(z), within a relative `sigmoidBound` for |z| ≤ 126, and for z above; below −126 as above.
  @inline(__always)
  static func sigmoid(_ z: Lanes) -> Lanes {
    let w = exponential(negated: clampedMagnitude(z))
    let numerator = w.replacing(with: Lanes(repeating: 1), where: z .>= Lanes(repeating: 0))
    return numerator / (1 + w)
  }

  @inline(__always)
  private static func clampedMagnitude(_ z: Lanes) -> Lanes {
    let bits = unsafeBitCast(z, to: SIMD4<UInt64>.self) & SIMD4(repeating: UInt64.max >> 1)
    let magnitude = unsafeBitCast(bits, to: Lanes.self)
    let greatest = Lanes(repeating: C.greatestMagnitude)
    return magnitude.replacing(with: greatest, where: magnitude .> greatest)
  }
}
