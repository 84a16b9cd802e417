internal import RealModule

/// A number of T as an algorithm computes it, together with a bound of how far it lies from what the
/// same formula gives in exact arithmetic.
///
/// Running error analysis (J. Wilkinson; N. Higham, Accuracy and Stability of Numerical Algorithms,
/// 2nd ed. 2002, section 3.3), step by step with the standard model: each operation adds at most
/// u·|result| for its rounding, u = 2^(−p), and half of the least subnormal where it can underflow,
/// to what its operands' errors come to; products by 0 and 1 add nothing. An algorithm that is generic over
/// `LossNumber` computes its value and its own bound when it is run on these numbers. The bounds are
/// doubles; what their own rounding leaves out, some 2⁻⁵² a step, `slack` covers for fewer than 2²⁰ steps.
struct RunningError<T: LossScalar>: Sendable {
  /// The number.
  let value: T
  /// The bound: infinite where nothing is known.
  let error: Double

  /// The result of an operation: of what is infinite or NaN nothing is known.
  init(_ value: T, error: Double) {
    self.value = value
    self.error = value.isFinite && !error.isNaN ? error : .infinity
  }

  /// A number with the error of what it was made from, exactly.
  init(_ value: T, keeping error: Double) {
    self.value = value
    self.error = error
  }

  /// The result of an operation, of a bound that is no number unless the value is finite.
  private init(_ value: T, poisoned error: Double) {
    self.value = value
    // So written it is one instruction, also where the bound is NaN.
    self.error = error < .infinity ? error : .infinity
  }

  /// An exact number, which may be an infinity that a formula names.
  init(_ value: T) {
    self.init(value, keeping: 0)
  }

  /// The bound, with what its own rounding left out.
  var bound: Double { error * (1 + 0x1p-30) }

  /// The largest error of one rounding of a normal number, relative to it.
  static var unitRoundoff: Double { T.ulpOfOne.double / 2 }
  /// The largest error of one rounding of a subnormal number: half the least number, which float64 does
  /// not hold of its own.
  static var underflow: Double {
    max(T.leastNormalMagnitude.double * unitRoundoff, 0x1p-1074)
  }

  /// The result of a correctly rounded operation whose operands' errors come to `propagated`.
  static func rounded(_ value: T, _ propagated: Double) -> RunningError {
    RunningError(
      value, poisoned: propagated + unitRoundoff * value.double.magnitude + underflow)
  }

  /// The error of one of the platform's elementary functions.
  ///
  /// The GNU C library states at most 1 ulp for exp, expm1, log and log1p of float and double (manual,
  /// "Known Maximum Errors in Math Functions"); an ulp is at most 2u of the value. The 16-bit types
  /// go through float, which adds 2⁻¹³ of their roundoff or less.
  static func libraryError(_ value: T) -> Double {
    let relative = isWide(T.self) ? 2 * unitRoundoff : unitRoundoff * (1 + 0x1p-6)
    return relative * value.double.magnitude + 2 * underflow
  }

  /// The result of an elementary function whose argument's error comes to `propagated`.
  static func computed(_ value: T, _ propagated: Double) -> RunningError {
    RunningError(value, poisoned: propagated + libraryError(value))
  }
}
