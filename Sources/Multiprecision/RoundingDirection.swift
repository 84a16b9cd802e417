internal import CMPFR

/// The direction in which a real number is rounded to a floating-point number.
///
/// The four directions of IEEE 754 that a result can be asked for in.
public enum RoundingDirection: String, CaseIterable, Hashable, Sendable {
  /// To the nearest number, ties to the one with an even significand.
  case nearestEven = "nearest-even"
  /// Towards zero: truncation.
  case towardZero = "toward-zero"
  /// Towards positive infinity.
  case up
  /// Towards negative infinity.
  case down
}

extension RoundingDirection {
  var mpfr: mpfr_rnd_t {
    switch self {
    case .nearestEven: MPFR_RNDN
    case .towardZero: MPFR_RNDZ
    case .up: MPFR_RNDU
    case .down: MPFR_RNDD
    }
  }

  /// The direction that rounds −x to the negative of what this one rounds x to.
  public var mirrored: RoundingDirection {
    switch self {
    case .nearestEven, .towardZero: self
    case .up: .down
    case .down: .up
    }
  }
}
