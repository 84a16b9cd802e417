internal import RealModule

// The rules by which errors grow. X is the exact value, x the computed one, |x − X| ≤ e. What is asked of a
// number is answered by the computed one.

extension RunningError: LossNumber {
  static var infinity: Self { Self(T.infinity) }
  static var nan: Self { Self(T.nan) }
  static var ulpOfOne: Self { Self(T.ulpOfOne) }
  static var leastNormalMagnitude: Self { Self(T.leastNormalMagnitude) }

  init(_ value: Int) { self.init(Double(value)) }
  init(integerLiteral value: Int) { self.init(value) }
  /// A constant of a formula is off by its rounding.
  init(_ value: Double) {
    let nearest = T(value)
    self.init(nearest, keeping: nearest.double == value ? 0 : (nearest.double - value).magnitude)
  }

  var isFinite: Bool { value.isFinite }
  var isNaN: Bool { value.isNaN }
  var magnitude: Self { Self(value.magnitude, keeping: error) }

  static func == (a: Self, b: Self) -> Bool { a.value == b.value }
  static func < (a: Self, b: Self) -> Bool { a.value < b.value }
  static func <= (a: Self, b: Self) -> Bool { a.value <= b.value }
  static func > (a: Self, b: Self) -> Bool { a.value > b.value }
  static func >= (a: Self, b: Self) -> Bool { a.value >= b.value }

  static prefix func - (a: Self) -> Self { Self(-a.value, keeping: a.error) }
  static func + (a: Self, b: Self) -> Self { rounded(a.value + b.value, a.error + b.error) }
  static func - (a: Self, b: Self) -> Self { rounded(a.value - b.value, a.error + b.error) }

  /// |xy − XY| ≤ |x|·e_y + |y|·e_x + e_x·e_y.
  @inline(__always)
  static func * (a: Self, b: Self) -> Self {
    let (x, y) = (a.value.double.magnitude, b.value.double.magnitude)
    let propagated = x * b.error + y * a.error + a.error * b.error
    // An exact factor may be 0 or 1, and 0·∞ is NaN.
    if a.error == 0 || b.error == 0 || propagated.isNaN { return specialProduct(a, b) }
    return rounded(a.value * b.value, propagated)
  }

  @inline(never)
  private static func specialProduct(_ a: Self, _ b: Self) -> Self {
    let (x, y) = (a.value.double.magnitude, b.value.double.magnitude)
    let propagated = product(x, b.error) + product(y, a.error) + product(a.error, b.error)
    // Times 0 or 1, as with hard labels, nothing is rounded.
    let isExact = (a.error == 0 && (x == 0 || x == 1)) || (b.error == 0 && (y == 0 || y == 1))
    let result = a.value * b.value
    return isExact ? Self(result, error: propagated) : rounded(result, propagated)
  }

  /// |x/y − X/Y| ≤ (e_x + |x/y|·e_y) / (|y| − e_y).
  static func / (a: Self, b: Self) -> Self {
    let (x, y) = (a.value.double.magnitude, b.value.double.magnitude)
    let ofDivisor = b.error == 0 ? 0 : product(x / y, b.error)
    let propagated = y > b.error ? (a.error + ofDivisor) / (y - b.error) : .infinity
    return rounded(a.value / b.value, propagated)
  }

  /// |max(x, y) − max(X, Y)| ≤ max(e_x, e_y).
  static func maximum(_ a: Self, _ b: Self) -> Self {
    Self(T.maximum(a.value, b.value), keeping: max(a.error, b.error))
  }

  static func minimum(_ a: Self, _ b: Self) -> Self {
    Self(T.minimum(a.value, b.value), keeping: max(a.error, b.error))
  }

  /// |e^x − e^X| ≤ e^x·(e^e − 1), with e^x itself within the library's error of what was computed.
  static func exp(_ x: Self) -> Self {
    let result = T.exp(x.value)
    let greatest = result.double.magnitude + libraryError(result)
    return computed(result, greatest * expMinusOneBound(x.error))
  }

  /// |e^x − e^X| as for `exp`.
  static func expMinusOne(_ x: Self) -> Self {
    let result = T.expMinusOne(x.value)
    let greatest = 1 + result.double.magnitude + libraryError(result)
    return computed(result, greatest * expMinusOneBound(x.error))
  }

  /// |log x − log X| ≤ −log(1 − e/x), for X is at least x − e.
  static func log(_ x: Self) -> Self {
    computed(T.log(x.value), logBound(x.error, x.value.double))
  }

  /// |log(1 + x) − log(1 + X)| ≤ −log(1 − e/(1 + x)).
  static func log(onePlus x: Self) -> Self {
    computed(T.log(onePlus: x.value), logBound(x.error, 1 + x.value.double))
  }

  /// e^d − 1 = d + d²/2 + d³·(1/6 + d/24 + …), and for d ≤ 1 the bracket is below 0.22: no call for the
  /// errors of ordinary steps.
  private static func expMinusOneBound(_ d: Double) -> Double {
    d <= 1 ? d * (1 + d * (0.5 + d * 0.25)) : Double.expMinusOne(d)
  }

  /// −log(1 − q) for q = e/x is q + q²/2 + q³·(1/3 + q/4 + …), and for q ≤ 1/4 the bracket is at most
  /// (1/3)/(1 − q) < 1/2.
  private static func logBound(_ error: Double, _ argument: Double) -> Double {
    guard argument > error else { return .infinity }
    let q = error / argument
    return q <= 0.25 ? q * (1 + q * (0.5 + q * 0.5)) : -Double.log(onePlus: -q)
  }

  /// a·b, with 0·∞ = 0: an exact 0 has no part in an error.
  private static func product(_ a: Double, _ b: Double) -> Double { a == 0 || b == 0 ? 0 : a * b }
}
