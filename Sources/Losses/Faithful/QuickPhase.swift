internal import RealModule

/// A value in double with a bound of its error: the quick phase of Ziv's strategy, by which the faithful
/// forms go through millions of rows of the formats of at most 32 bits.
///
/// Where both ends of the enclosure round to the same number of a narrower format, so does the value in
/// double words, which lies between them; else the form computes that one, the accurate phase.
struct QuickValue {
  let value: Double
  let error: Double

  /// A value that is off by less than 2⁻⁴⁰ of the sum of its terms' magnitudes.
  ///
  /// The argument of the exponential, a difference of at most 700, is off by 2⁻⁵³ of itself, thus the
  /// exponential by 2⁻⁴³; the elementary functions are taken to be off by at most 2⁻⁴² of theirs, where
  /// the C libraries claim an ulp or two.
  init(_ value: Double, terms: Double) {
    self.value = value
    error = terms * 0x1p-40
  }

  private init(value: Double, error: Double) {
    self.value = value
    self.error = error
  }

  var negated: QuickValue { QuickValue(value: -value, error: error) }

  /// The number that everything within the error rounds to; nil where there is more than one.
  @inline(__always)
  func rounded<Number: LossScalar>(to _: Number.Type) -> Number? {
    // Else it might be a zero of either sign; or something is infinite or NaN.
    guard value.magnitude > error else { return nil }
    let nearest = Number(value)
    guard Number(value - error) == nearest, Number(value + error) == nearest else { return nil }
    return nearest
  }
}

extension QuickValue {
  /// e^(−d) for d ≥ 0. Beyond 700 it makes nothing in a format of at most 32 bits but the sign of what
  /// underflows.
  private static func exponential(_ difference: Double) -> Double {
    .exp(difference > 700 ? -700 : -difference)
  }

  /// |z|·c + log1p(e^(−|z|)), see `FaithfulBinary`.
  static func loss(logit z: Double, target y: Double) -> QuickValue {
    let (head, tail) = (
      z.magnitude * wrongShare(z, y), Double.log(onePlus: exponential(z.magnitude))
    )
    return QuickValue(head + tail, terms: head.magnitude + tail)
  }

  /// ±(c − w/(1 + w)), see `FaithfulBinary`.
  static func gradient(logit z: Double, target y: Double) -> QuickValue {
    let (share, w) = (wrongShare(z, y), exponential(z.magnitude))
    let probability = w / (1 + w)
    let difference = share - probability
    return QuickValue(z < 0 ? -difference : difference, terms: share.magnitude + probability)
  }

  private static func wrongShare(_ z: Double, _ y: Double) -> Double { z < 0 ? y : 1 - y }
}
