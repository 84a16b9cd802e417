/// The first multiple of `step` whose rest lies in a range: the least n ≥ 0 below `count` for which `low` ≤
/// (n·step mod `modulus`) ≤ `high`; nil where there is none.
///
/// As in Euclid's algorithm the modulus becomes the step and the step the rest, so a search among many needs
/// some ten divisions. Source: the test of V. Lefèvre, "New results on the distance between a segment and
/// Z²", ARITH-17 (2005), in its form for one range. `low` ≤ `high` < `modulus` ≤ 2⁶³ and `step` < `modulus`.
func firstMultiple(
  of step: UInt64, modulo modulus: UInt64, from low: UInt64, through high: UInt64,
  below count: UInt64
) -> UInt64? {
  guard low > 0 else { return count > 0 ? 0 : nil }
  guard step > 0 else { return nil }
  // Steps back are the shorter ones.
  if step > modulus - step {
    return firstMultiple(
      of: modulus - step, modulo: modulus, from: modulus - high, through: modulus - low,
      below: count)
  }
  let quotient = low / step
  let below = quotient * step
  let first = below == low ? quotient : quotient + 1
  if first * step <= high { return first < count ? first : nil }
  // No multiple lies between low and high; one must have gone round the modulus m times: n·step − m·modulus
  // is in the range, so m·modulus mod step lies between −high and −low.
  let turns = multipliedFraction(count, step, modulus)
  guard turns > 0 else { return nil }
  guard
    let turn = firstMultiple(
      of: modulus % step, modulo: step, from: step - (high - below), through: step - (low - below),
      below: turns + 1)
  else { return nil }
  let reached = UInt128(low) + UInt128(modulus) * UInt128(turn) + UInt128(step) - 1
  let found = reached / UInt128(step)
  return found < UInt128(count) ? UInt64(found) : nil
}

/// count·step/modulus, rounded down.
private func multipliedFraction(_ count: UInt64, _ step: UInt64, _ modulus: UInt64) -> UInt64 {
  let product = count.multipliedFullWidth(by: step)
  // The step is less than the modulus, so the high part is too.
  return modulus.dividingFullWidth(product).quotient
}
