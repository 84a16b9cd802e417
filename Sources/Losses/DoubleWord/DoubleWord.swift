/// a·b as its rounded product and what the rounding lost, exactly, unless something over- or underflows.
@inline(__always)
private func twoProduct(_ a: Double, _ b: Double) -> (product: Double, error: Double) {
  let product = a * b
  return (product, (-product).addingProduct(a, b))
}

/// How a double word becomes a double.
package enum FinalRounding {
  /// To nearest: the result.
  case nearest
  /// To the neighbour with an odd significand, unless it is a double. A format of at most 51 bits rounds on from
  /// there as it would from the double word itself (Boldo and Melquiond, "When double rounding is odd", 2005).
  case odd

  init<T: LossScalar>(to _: T.Type) { self = T.ulpOfOne.double >= 0x1p-50 ? .odd : .nearest }
}

/// An unevaluated sum of two doubles, |low| ≤ ulp(high)/2: 106 bits.
///
/// The operations are Algorithms 6, 7, 10 and 17 of Joldes, Muller and Popescu, "Tight and rigorous
/// error bounds for basic building blocks of double-word arithmetic" (2017), with relative errors of
/// at most 3, 2, 7 and 15 times 2⁻¹⁰⁶, and a little, where nothing underflows. Of the products these have
/// the fewest fused operations, which are calls where the hardware's are not to be relied upon.
struct DoubleWord {
  var high: Double
  var low: Double

  init(_ high: Double, _ low: Double = 0) {
    self.high = high
    self.low = low
  }

  private init(_ sum: (sum: Double, error: Double)) { self.init(sum.sum, sum.error) }

  /// a + b, exactly.
  static func sum(_ a: Double, _ b: Double) -> DoubleWord { DoubleWord(twoSum(a, b)) }

  /// This times a power of two, exactly unless it underflows.
  func scaled(by powerOfTwo: Double) -> DoubleWord {
    DoubleWord(high * powerOfTwo, low * powerOfTwo)
  }

  /// The number itself in double, or what a narrower format is to be rounded to from there.
  func double(_ rounding: FinalRounding) -> Double {
    let (sum, error) = fastTwoSum(high, low)
    guard rounding == .odd, error != 0, sum.isFinite, sum.bitPattern & 1 == 0 else { return sum }
    return error > 0 ? sum.nextUp : sum.nextDown
  }

  static prefix func - (a: DoubleWord) -> DoubleWord { DoubleWord(-a.high, -a.low) }

  static func + (a: DoubleWord, b: DoubleWord) -> DoubleWord {
    let high = twoSum(a.high, b.high)
    let low = twoSum(a.low, b.low)
    let carried = fastTwoSum(high.sum, high.error + low.sum)
    return DoubleWord(fastTwoSum(carried.sum, carried.error + low.error))
  }

  /// This and an addend of at most half its magnitude: Algorithm 5, which takes half the operations. Its
  /// two roundings are of numbers below 2·2⁻⁵³ times this one, and the sum is half of it at least.
  @inline(__always)
  func adding(smaller addend: DoubleWord) -> DoubleWord {
    let sum = fastTwoSum(high, addend.high)
    return DoubleWord(fastTwoSum(sum.sum, sum.error + (low + addend.low)))
  }

  static func - (a: DoubleWord, b: DoubleWord) -> DoubleWord { a + -b }

  @inline(__always)
  static func * (a: DoubleWord, b: DoubleWord) -> DoubleWord {
    let (product, error) = twoProduct(a.high, b.high)
    return DoubleWord(fastTwoSum(product, error + (a.high * b.low + a.low * b.high)))
  }

  static func * (a: DoubleWord, b: Double) -> DoubleWord {
    let (product, error) = twoProduct(a.high, b)
    let carried = fastTwoSum(product, a.low * b)
    return DoubleWord(fastTwoSum(carried.sum, carried.error + error))
  }

  static func / (a: DoubleWord, b: DoubleWord) -> DoubleWord {
    let quotient = a.high / b.high
    let product = b * quotient
    // The first of these differences is exact.
    let residue = (a.high - product.high) + (a.low - product.low)
    return DoubleWord(fastTwoSum(quotient, residue / b.high))
  }
}
