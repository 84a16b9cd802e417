internal import CMPFR

/// The exponent range in which MPFR works.
///
/// MPFR keeps its range per thread, and any code on the thread may have changed it. Enclosures
/// stay correct in every range (an underflow becomes an interval that is open at zero), but how
/// small a value still has digits depends on it, and with it the answer to "how many digits".
/// So the reference sets the range on purpose, to the widest there is, about 2^±(2^62), and puts
/// back what it found. The closure is synchronous: a task cannot change its thread inside.
public enum ExponentRange {
  /// Runs `body` with the widest exponent range that MPFR has, then restores the thread's own.
  public static func withWidest<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let (emin, emax) = (mpfr_get_emin(), mpfr_get_emax())
    mpfr_set_emin(mpfr_get_emin_min())
    mpfr_set_emax(mpfr_get_emax_max())
    defer {
      mpfr_set_emin(emin)
      mpfr_set_emax(emax)
    }
    return try body()
  }
}

/// What is known of the MPFR library that is in use.
public enum MPFRLibrary {
  /// The version of the library, "4.2.0" say.
  public static var version: String { String(cString: shim_mpfr_version()) }
}
