// The constants of the kernel, one a line, where `tools/proofs/run` reads them from: it derives each
// bound anew for these very numbers, and fails if one is too small.

/// The numbers that the kernel computes with, and what has been proven of it.
enum KernelConstants {
  /// 1/log 2, to choose k by.
  static let inverseLog2 = 0x1.71547652b82fep0
  /// log 2 to 40 bits, so that its product by k is exact, and the rest.
  static let log2High = 0x1.62e42fefa4p-1
  static let log2Low = -0x1.8432a1b0e2634p-43
  /// Adding and taking it away rounds to an integer; what it leaves in the last bits is that integer.
  static let rounder = 0x1.8p52
  /// Beyond this |z| counts as this: e^(−126) < 2⁻¹⁸¹ is below all halves of least subnormals.
  static let greatestMagnitude = 126.0

  // e^r ≈ 1 + r + r²·(e2 + e3·r + …) for |r| ≤ 0.34658.
  static let e2 = 0x1.000000000000ap-1
  static let e3 = 0x1.55555555554fep-3
  static let e4 = 0x1.55555555506bcp-5
  static let e5 = 0x1.1111111126b36p-7
  static let e6 = 0x1.6c16c18477083p-10
  static let e7 = 0x1.a01a012fee99cp-13
  static let e8 = 0x1.a019995efb00fp-16
  static let e9 = 0x1.71df18ef76144p-19
  static let e10 = 0x1.28adfccb26cd8p-22
  static let e11 = 0x1.ad92e899366cbp-26

  // artanh(u)/u ≈ 1 + s·(a0 + a1·s + …), s = u² ≤ 1/9.
  static let a0 = 0x1.5555555555555p-2
  static let a1 = 0x1.999999999a27cp-3
  static let a2 = 0x1.24924923df843p-3
  static let a3 = 0x1.c71c726c171afp-4
  static let a4 = 0x1.745cf154e858p-4
  static let a5 = 0x1.3b18a6cd11a3ep-4
  static let a6 = 0x1.10acf6187626fp-4
  static let a7 = 0x1.eb8a175c66bdap-5
  static let a8 = 0x1.688edd078a774p-5
  static let a9 = 0x1.4afd63d03d427p-4

  // Proven relative errors, by tools/proofs/exponential.sollya and artanh.sollya, which build on the
  // roundings that reduction.gappa, exponential.gappa, quotient.gappa and artanh.gappa prove.

  /// Of the polynomial for e^r.
  static let exponentialApproximation = 0x1p-57
  /// Of the polynomial for artanh(u)/u.
  static let artanhApproximation = 0x1p-57
  /// Of the computed e^(−|z|).
  static let exponentialBound = 0x1.5p-52
  /// Of the computed log1p(e^(−|z|)), and |z| + log1p(e^(−|z|)).
  static let lossBound = 0x1.1p-50
  /// Of the computed sigmoid, e^(−|z|)/(1 + e^(−|z|)) or 1/(1 + e^(−|z|)).
  static let sigmoidBound = 0x1.3p-51

  /// The factors of the rounding test: the product of a computed value and the one, rounded, lies
  /// below the exact value; by the other, above.
  static let below = 0x1.ffffffffffff0p-1
  static let above = 0x1.0000000000008p0
}
