public import LossFunctions

/// Why the reference has no answer.
public enum ReferenceError: Error, Hashable, Sendable {
  /// The input is not one that the function is defined for.
  case invalidInput(InputError)
  /// No theorem rules out that the value is a breakpoint, and an enclosure of `precision` bits does
  /// not decide it. The value lies between the bounds, which are hexadecimal floats.
  case undecided(precision: Int, lower: String, upper: String)
  /// The value is too small for MPFR's exponent range, so it has no digits here.
  case belowExponentRange
}

extension ReferenceError: CustomStringConvertible {
  /// What was wrong, and what is known all the same.
  public var description: String {
    switch self {
    case .invalidInput(let error): error.description
    case .undecided(let precision, let lower, let upper):
      "undecided: no theorem settles this value, and \(precision) bits leave it between "
        + "\(lower) and \(upper)"
    case .belowExponentRange:
      "the exact value is not zero but below 2^-4611686018427387903, too small for its digits"
    }
  }
}
