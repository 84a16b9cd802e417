internal import RealModule

extension DoubleWord {
  /// log 2 to 107 bits.
  private static let log2 = DoubleWord(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56)

  /// 1/3!, 1/4! and 1/5! to 107 bits.
  private static let sixth = DoubleWord(0x1.5555555555555p-3, 0x1.5555555555555p-57)
  private static let twentyFourth = DoubleWord(0x1.5555555555555p-5, 0x1.5555555555555p-59)
  private static let hundredTwentieth = DoubleWord(0x1.1111111111111p-7, 0x1.1111111111111p-63)

  /// e^x − 1 for |x| ≤ 0.36, within 2⁻⁹⁹ of itself.
  ///
  /// Taylor's sum at r = x/256, ten terms, of which the first left out is below 2⁻¹¹⁹ of the first. From
  /// the sixth on they are below 2⁻⁵⁶ of it, so that double will do. Then
  /// e^(2r) − 1 = 2(e^r − 1) + (e^r − 1)² eight times, which keeps small results accurate.
  static func expMinusOneNearZero(_ x: DoubleWord) -> DoubleWord {
    // The third term is 2⁻¹⁰² of the first, and the second 2⁻⁵¹.
    if x.high.magnitude < 0x1p-50 { return .sum(x.high, x.low + x.high * x.high / 2) }
    let r = x.scaled(by: 0x1p-8)
    var tail: Double = 1 / 3_628_800
    tail = 1 / 362_880 + r.high * tail
    tail = 1 / 40_320 + r.high * tail
    tail = 1 / 5_040 + r.high * tail
    tail = 1 / 720 + r.high * tail
    var series = hundredTwentieth.adding(smaller: DoubleWord(r.high * tail))
    series = twentyFourth.adding(smaller: series * r)
    series = sixth.adding(smaller: series * r)
    series = DoubleWord(0.5).adding(smaller: series * r)
    series = DoubleWord(1).adding(smaller: series * r)
    var result = series * r
    for _ in 0..<8 { result = result.scaled(by: 2).adding(smaller: result * result) }
    return result
  }

  /// e^x as a number in [0.7, 1.42] and the power of two that it is to be multiplied with, for
  /// |x| ≤ 2,000: within 2⁻⁹³ of itself, since x − k·log 2 is off by at most 2⁻¹⁰⁵·|x|.
  static func exponential(_ x: DoubleWord) -> (significand: DoubleWord, exponent: Int) {
    let k = (x.high / log2.high).rounded()
    let r = x - log2 * k
    return (DoubleWord(1).adding(smaller: expMinusOneNearZero(r)), Int(k))
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
