/// softplus as the kernel in C has it, in Swift's SIMD types: what a file in C has to beat.
enum SwiftKernel {
  typealias Lanes = SIMD8<Double>

  static func softplus(
    _ logits: UnsafeBufferPointer<Float>, into values: UnsafeMutableBufferPointer<Double>
  ) {
    for start in stride(from: 0, to: logits.count & ~7, by: 8) {
      var z = Lanes()
      for lane in 0..<8 { z[lane] = Double(logits[start + lane]) }
      let result = softplus(z)
      for lane in 0..<8 { values[start + lane] = result[lane] }
    }
  }

  @inline(__always)
  private static func softplus(_ z: Lanes) -> Lanes {
    let zero = Lanes(repeating: 0)
    let greatest = Lanes(repeating: 126)
    let bits = unsafeBitCast(z, to: SIMD8<UInt64>.self) & SIMD8(repeating: UInt64.max >> 1)
    let magnitude = unsafeBitCast(bits, to: Lanes.self)
    let a = magnitude.replacing(with: greatest, where: magnitude .> greatest)
    return z.replacing(with: zero, where: z .< zero) + logarithmOnePlus(exponential(negated: a))
  }

  @inline(__always)
  private static func exponential(negated a: Lanes) -> Lanes {
    let rounder = 0x1.8p52
    let shifted = rounder - a * 0x1.71547652b82fep0
    let k = shifted - rounder
    let r = (-a - k * 0x1.62e42fefa4p-1) - k * -0x1.8432a1b0e2634p-43
    var p = Lanes(repeating: 0x1.ad92e899366cbp-26)
    p = 0x1.28adfccb26cd8p-22 + r * p
    p = 0x1.71df18ef76144p-19 + r * p
    p = 0x1.a019995efb00fp-16 + r * p
    p = 0x1.a01a012fee99cp-13 + r * p
    p = 0x1.6c16c18477083p-10 + r * p
    p = 0x1.1111111126b36p-7 + r * p
    p = 0x1.55555555506bcp-5 + r * p
    p = 0x1.55555555554fep-3 + r * p
    p = 0x1.000000000000ap-1 + r * p
    p = 1 + r * p
    p = 1 + r * p
    let bits = unsafeBitCast(shifted, to: SIMD8<UInt64>.self)
    return p * unsafeBitCast((bits &+ 1023) &<< 52, to: Lanes.self)
  }

  @inline(__always)
  private static func logarithmOnePlus(_ w: Lanes) -> Lanes {
    let u = w / (2 + w)
    let s = u * u
    var p = Lanes(repeating: 0x1.4afd63d03d427p-4)
    p = 0x1.688edd078a774p-5 + s * p
    p = 0x1.eb8a175c66bdap-5 + s * p
    p = 0x1.10acf6187626fp-4 + s * p
    p = 0x1.3b18a6cd11a3ep-4 + s * p
    p = 0x1.745cf154e858p-4 + s * p
    p = 0x1.c71c726c171afp-4 + s * p
    p = 0x1.24924923df843p-3 + s * p
    p = 0x1.999999999a27cp-3 + s * p
    p = 0x1.5555555555555p-2 + s * p
    p = 1 + s * p
    return (u + u) * p
  }
}
