internal import Foundation
internal import RealModule

// The rules by which errors grow. X is the exact value, x the computed one, |x − X| ≤ e.

extension RunningError {
  public static func + (a: RunningError, b: RunningError) -> RunningError {
    rounded(a.value + b.value, a.error + b.error)
  }

  public static func - (a: RunningError, b: RunningError) -> RunningError {
    rounded(a.value - b.value, a.error + b.error)
  }

  /// |xy − XY| ≤ |x|·e_y + |y|·e_x + e_x·e_y.
  public static func * (a: RunningError, b: RunningError) -> RunningError {
    let (x, y) = (a.value.double.magnitude, b.value.double.magnitude)
    let propagated = product(x, b.error) + product(y, a.error) + product(a.error, b.error)
    // Times 0 or 1, as with hard labels, nothing is rounded.
    let isExact = (a.error == 0 && (x == 0 || x == 1)) || (b.error == 0 && (y == 0 || y == 1))
    let result = a.value * b.value
    return isExact ? RunningError(result, error: propagated) : rounded(result, propagated)
  }

  /// |x/y − X/Y| ≤ (e_x + |x/y|·e_y) / (|y| − e_y).
  public static func / (a: RunningError, b: RunningError) -> RunningError {
    let (x, y) = (a.value.double.magnitude, b.value.double.magnitude)
    let propagated = y > b.error ? (a.error + product(x / y, b.error)) / (y - b.error) : .infinity
    return rounded(a.value / b.value, propagated)
  }

  public static prefix func - (a: RunningError) -> RunningError {
    RunningError(-a.value, keeping: a.error)
  }

  /// |max(x, y) − max(X, Y)| ≤ max(e_x, e_y).
  public static func maximum(_ a: RunningError, _ b: RunningError) -> RunningError {
    RunningError(T.maximum(a.value, b.value), keeping: Swift.max(a.error, b.error))
  }

  public static func minimum(_ a: RunningError, _ b: RunningError) -> RunningError {
    RunningError(T.minimum(a.value, b.value), keeping: Swift.max(a.error, b.error))
  }

  public var magnitude: RunningError { RunningError(value.magnitude, keeping: error) }

  /// |e^x − e^X| ≤ e^x·(e^e − 1), with e^x itself within the library's error of what was computed.
  public static func exp(_ x: RunningError) -> RunningError {
    let result = T.exp(x.value)
    let greatest = result.double.magnitude + libraryError(result)
    return computed(result, product(greatest, expm1(x.error)))
  }

  /// |e^x − e^X| as for `exp`.
  public static func expMinusOne(_ x: RunningError) -> RunningError {
    let result = T.expMinusOne(x.value)
    let greatest = 1 + result.double.magnitude + libraryError(result)
    return computed(result, product(greatest, expm1(x.error)))
  }

  /// |log x − log X| ≤ −log(1 − e/x), for X is at least x − e.
  public static func log(_ x: RunningError) -> RunningError {
    let argument = x.value.double
    let propagated = argument > x.error ? -log1p(-x.error / argument) : .infinity
    return computed(T.log(x.value), propagated)
  }

  /// |log(1 + x) − log(1 + X)| ≤ −log(1 − e/(1 + x)).
  public static func log(onePlus x: RunningError) -> RunningError {
    let argument = 1 + x.value.double
    let propagated = argument > x.error ? -log1p(-x.error / argument) : .infinity
    return computed(T.log(onePlus: x.value), propagated)
  }

  /// |x^n − X^n| ≤ n·e·(|x| + e)^(n − 1), with an ulp a multiplication.
  public static func pow(_ x: RunningError, _ n: Int) -> RunningError {
    guard n > 0, n <= 64 else { return unknown(T.pow(x.value, n)) }
    let result = T.pow(x.value, n)
    let base = x.value.double.magnitude + x.error
    let power = Foundation.pow(base, Double(n - 1))
    let propagated = product(Double(n) * power, x.error)
    return RunningError(result, error: propagated + Double(n) * libraryError(result))
  }

  /// a·b, with 0·∞ = 0: an exact 0 has no part in an error.
  private static func product(_ a: Double, _ b: Double) -> Double { a == 0 || b == 0 ? 0 : a * b }

  /// A result of which nothing is known.
  static func unknown(_ value: T) -> RunningError { RunningError(value, error: .infinity) }
}
