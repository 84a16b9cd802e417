internal import RealModule

extension DoubleWord {
  /// log 2 to 107 bits.
  private static let log2 = DoubleWord(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56)

  /// e^x − 1 for |x| ≤ 0.36, within 2⁻⁹⁹ of itself.
  ///
  /// Taylor's sum at x/256, eleven terms, of which the first left out is below 2⁻¹¹⁵ of the first; then
  /// e^(2r) − 1 = (e^r − 1)·(2 + (e^r − 1)) eight times, which keeps small results accurate.
  static func expMinusOneNearZero(_ x: DoubleWord) -> DoubleWord {
    let r = x.scaled(by: 0x1p-8)
    var series = DoubleWord(1)
    for n in stride(from: 11.0, to: 1, by: -1) {
      series = DoubleWord(1) + series * r / DoubleWord(n)
    }
    var result = series * r
    for _ in 0..<8 { result = result * (DoubleWord(2) + result) }
    return result
  }

  /// e^x as a number in [0.7, 1.42] and the power of two that it is to be multiplied with, for
  /// |x| ≤ 2,000: within 2⁻⁹³ of itself, since x − k·log 2 is off by at most 2⁻¹⁰⁵·|x|.
  static func exponential(_ x: DoubleWord) -> (significand: DoubleWord, exponent: Int) {
    let k = (x.high / log2.high).rounded()
    let r = x - DoubleWord(k) * log2
    return (DoubleWord(1) + expMinusOneNearZero(r), Int(k))
  }

  private static func expMinusOne(_ x: DoubleWord) -> DoubleWord {
    if x.high.magnitude < 0.35 { return expMinusOneNearZero(x) }
    let (significand, exponent) = exponential(x)
    return significand.scaled(by: Double(sign: .plus, exponent: exponent, significand: 1))
      - DoubleWord(1)
  }

  /// log(1 + s) for 2⁻⁶⁰ ≤ s ≤ 2⁶⁰, within 2⁻⁹⁰ of itself.
  ///
  /// One step of Newton's iteration for e^y = 1 + s from y = log1p(s) in double:
  /// y + (1 + s)·e^(−y) − 1 = y + s + (1 + s)(e^(−y) − 1). The step is off by the half of its square.
  static func logOnePlus(_ s: DoubleWord) -> DoubleWord {
    let y = Double.log(onePlus: s.high)
    let decay = expMinusOne(DoubleWord(-y))
    return DoubleWord(y) + (s + decay + s * decay)
  }
}
