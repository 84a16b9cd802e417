internal import RealModule

/// What the faithful forms are made of: for finite logits x with the maximum m, first attained at
/// index g, the terms e^(xᵢ − m), their sum S over i ≠ g, and log(1 + S).
///
/// Everything is kept times 2²⁰⁰, so that double words do not lose their low words where results are
/// subnormal in float64: each result is brought back at the end, in one rounding.
struct ScaledRow {
  static let scale = 0x1p200
  static let unscale = 0x1p-200

  let greatest: Int
  let terms: [DoubleWord]
  let sumOfOthers: DoubleWord

  init(_ x: [Double]) {
    var greatest = 0
    for index in x.indices where x[index] > x[greatest] { greatest = index }
    terms = x.map { Self.exponential(x: $0, maximum: x[greatest]) }
    var sum = DoubleWord(0)
    for index in x.indices where index != greatest { sum = sum + terms[index] }
    self.greatest = greatest
    sumOfOthers = sum
  }

  /// 2²⁰⁰·e^(x − m). Anything below e^−800 is taken for 2⁻¹¹⁵⁴, not for 0, so that results that
  /// underflow keep their sign: 2⁷⁹ of them make nothing in any format.
  static func exponential(x: Double, maximum: Double) -> DoubleWord {
    let difference = DoubleWord.sum(x, -maximum)
    guard difference.high > -800 else { return DoubleWord(0x1p-954) }
    let (significand, exponent) = DoubleWord.exponential(difference)
    return significand.scaled(by: Double(sign: .plus, exponent: exponent + 200, significand: 1))
  }

  /// 2²⁰⁰·(e^d − 1) for d ≤ 0.
  static func expMinusOne(_ difference: DoubleWord) -> DoubleWord {
    // Below 2⁻⁶⁰ the third term of the series is 2⁻¹²¹ of the first.
    if difference.high > -0x1p-60 {
      let scaled = difference.scaled(by: scale)
      return scaled + scaled * difference.scaled(by: 0.5)
    }
    if difference.high > -0.35 {
      return DoubleWord.expMinusOneNearZero(difference).scaled(by: scale)
    }
    guard difference.high > -900 else { return DoubleWord(-scale) }
    let (significand, exponent) = DoubleWord.exponential(difference)
    let power = significand.scaled(by: Double(sign: .plus, exponent: exponent, significand: 1))
    return (power - DoubleWord(1)).scaled(by: scale)
  }

  /// 1 + S, without the scale.
  var total: DoubleWord { DoubleWord(1) + sumOfOthers.scaled(by: Self.unscale) }

  /// The probabilities.
  func probabilities(_ rounding: FinalRounding) -> [Double] {
    let reciprocal = DoubleWord(1) / total
    return terms.indices.map {
      $0 == greatest ? reciprocal.double(rounding) : (reciprocal * terms[$0]).unscaled(rounding)
    }
  }

  /// 2²⁰⁰·log(1 + S).
  var logarithm: DoubleWord { Self.logOnePlus(sumOfOthers) }

  /// What is 2²⁰⁰ times a tail, without the scale. Where it underflows, what matters is its sign.
  static func unscaledTail(_ scaled: DoubleWord) -> DoubleWord {
    let tail = scaled.scaled(by: unscale)
    guard tail.high.magnitude < 0x1p-1060, scaled.high != 0 else { return tail }
    return DoubleWord(scaled.high < 0 ? -0x1p-1060 : 0x1p-1060)
  }

  /// 2²⁰⁰·log(1 + s) of 2²⁰⁰·s.
  static func logOnePlus(_ s: DoubleWord) -> DoubleWord {
    // Below 2⁻⁶⁰ the third term of the series is 2⁻¹²¹ of the first.
    if s.high < 0x1p140 { return s - (s * s).scaled(by: 0x1p-201) }
    return DoubleWord.logOnePlus(s.scaled(by: unscale)).scaled(by: scale)
  }
}

extension DoubleWord {
  /// The number itself, of what is 2²⁰⁰ times it.
  func unscaled(_ rounding: FinalRounding) -> Double { double(rounding) * ScaledRow.unscale }
}
