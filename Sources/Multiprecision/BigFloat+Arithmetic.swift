internal import CMPFR

/// Which side of the exact result a rounded one lies on: MPFR's ternary value.
public enum Inexactness: Sendable {
  /// Below the exact result.
  case below
  /// The exact result itself.
  case exact
  /// Above the exact result.
  case above

  init(ternary: Int32) {
    self = ternary < 0 ? .below : ternary == 0 ? .exact : .above
  }
}

extension BigFloat {
  /// Assigns `other`, rounded to this value's precision.
  @discardableResult
  public mutating func assign(
    _ other: borrowing BigFloat, rounding direction: RoundingDirection
  ) -> Inexactness {
    other.read { source in
      write { Inexactness(ternary: mpfr_set($0, source, direction.mpfr)) }
    }
  }

  /// Changes the sign, exactly.
  public mutating func negate() {
    write { _ = mpfr_neg($0, $0, MPFR_RNDN) }
  }

  /// Assigns a + b.
  @discardableResult
  public mutating func assignSum(
    _ a: borrowing BigFloat, _ b: borrowing BigFloat, rounding direction: RoundingDirection
  ) -> Inexactness {
    a.read { a in
      b.read { b in write { Inexactness(ternary: mpfr_add($0, a, b, direction.mpfr)) } }
    }
  }

  /// Assigns a − b.
  @discardableResult
  public mutating func assignDifference(
    _ a: borrowing BigFloat, _ b: borrowing BigFloat, rounding direction: RoundingDirection
  ) -> Inexactness {
    a.read { a in
      b.read { b in write { Inexactness(ternary: mpfr_sub($0, a, b, direction.mpfr)) } }
    }
  }

  /// Assigns a · b.
  @discardableResult
  public mutating func assignProduct(
    _ a: borrowing BigFloat, _ b: borrowing BigFloat, rounding direction: RoundingDirection
  ) -> Inexactness {
    a.read { a in
      b.read { b in write { Inexactness(ternary: mpfr_mul($0, a, b, direction.mpfr)) } }
    }
  }

  /// Assigns a / b.
  @discardableResult
  public mutating func assignQuotient(
    _ a: borrowing BigFloat, _ b: borrowing BigFloat, rounding direction: RoundingDirection
  ) -> Inexactness {
    a.read { a in
      b.read { b in write { Inexactness(ternary: mpfr_div($0, a, b, direction.mpfr)) } }
    }
  }

  /// Adds `other` in place.
  @discardableResult
  public mutating func add(
    _ other: borrowing BigFloat, rounding direction: RoundingDirection
  ) -> Inexactness {
    other.read { b in write { Inexactness(ternary: mpfr_add($0, $0, b, direction.mpfr)) } }
  }

  /// Multiplies by 2^`exponent`, exactly but for underflow and overflow.
  public mutating func scale(byPowerOfTwo exponent: Int, rounding direction: RoundingDirection) {
    write { _ = mpfr_mul_2si($0, $0, exponent, direction.mpfr) }
  }

  /// Moves to the next number of this precision towards +∞.
  public mutating func moveUp() { write { mpfr_nextabove($0) } }

  /// Moves to the next number of this precision towards −∞.
  public mutating func moveDown() { write { mpfr_nextbelow($0) } }
}

// MARK: - Elementary functions, correctly rounded by MPFR

/// A strictly increasing elementary function that MPFR rounds correctly.
public enum IncreasingFunction: Sendable {
  /// e^x.
  case exponential
  /// e^x − 1, accurate near x = 0.
  case exponentialMinusOne
  /// The natural logarithm.
  case logarithm
  /// log(1 + x), accurate near x = 0.
  case logarithmOnePlus
  /// tanh x.
  case hyperbolicTangent
}

extension BigFloat {
  /// Assigns f(x), correctly rounded.
  @discardableResult
  public mutating func assign(
    _ function: IncreasingFunction, of x: borrowing BigFloat,
    rounding direction: RoundingDirection
  ) -> Inexactness {
    let direction = direction.mpfr
    return x.read { x in
      write { result in
        let ternary =
          switch function {
          case .exponential: mpfr_exp(result, x, direction)
          case .exponentialMinusOne: mpfr_expm1(result, x, direction)
          case .logarithm: mpfr_log(result, x, direction)
          case .logarithmOnePlus: mpfr_log1p(result, x, direction)
          case .hyperbolicTangent: mpfr_tanh(result, x, direction)
          }
        return Inexactness(ternary: ternary)
      }
    }
  }
}
