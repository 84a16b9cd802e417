/// A sum of non-negative numbers without rounding: the same whatever the order and the grouping.
///
/// A fixed-point number wide enough for every `Double`, after U. Kulisch's long accumulator
/// (Computer Arithmetic and Validity, 2nd ed. 2013, chapter 8). Sums of `Double`s would round
/// differently for every way to cut the cases into pieces.
public struct ExactSum: Sendable {
  /// The part below 2⁵⁰ of numbers that are multiples of 2⁻⁶⁴, as errors of a few ulps are, in those.
  private var small: UInt128 = 0
  /// The rest: digits in base 2⁶⁴, the least first, in units of 2⁻¹⁰⁷⁴; 2,098 bits for the greatest
  /// `Double` and 64 or more for as many of it. Empty where there is none.
  private var digits: [UInt64] = []

  private static let digitCount = 34

  /// Nothing.
  public init() {}

  /// Adds a number; what is not finite and positive adds nothing.
  public mutating func add(_ value: Double) {
    guard value > 0, value.isFinite else { return }
    let field = Int(value.exponentBitPattern)
    let significand = value.significandBitPattern | (field == 0 ? 0 : 1 << 52)
    // The significand's last bit is 2^(field − 1075).
    let shift = field - 1011
    if field < 1023 + 50, small < 1 << 120 {
      if shift >= 0 {
        small += UInt128(significand) << shift
        return
      }
      if shift > -53, significand & (1 << UInt64(-shift) - 1) == 0 {
        small += UInt128(significand >> UInt64(-shift))
        return
      }
    }
    add(UInt128(significand) << ((max(field, 1) - 1) % 64), at: (max(field, 1) - 1) / 64)
  }

  /// Adds another sum.
  public mutating func add(_ other: ExactSum) {
    let (sum, overflow) = small.addingReportingOverflow(other.small)
    if overflow {
      addSmall(other.small)
    } else {
      small = sum
    }
    for (index, digit) in other.digits.enumerated() { add(UInt128(digit), at: index) }
  }

  /// 2⁻⁶⁴ is the 1010th bit: the 50th of the digit with the index 15.
  private mutating func addSmall(_ part: UInt128) {
    add((part & UInt128(UInt64.max)) << 50, at: 15)
    add((part >> 64) << 50, at: 16)
  }

  private mutating func add(_ part: UInt128, at start: Int) {
    guard part > 0 else { return }
    if digits.isEmpty { digits = [UInt64](repeating: 0, count: Self.digitCount) }
    var (carry, index) = (part, start)
    while carry > 0, index < digits.count {
      // The carry stays below 2¹¹⁸.
      let sum = UInt128(digits[index]) + carry
      digits[index] = UInt64(truncatingIfNeeded: sum)
      carry = sum >> 64
      index += 1
    }
  }

  /// All of it in digits.
  private var allDigits: [UInt64] {
    var sum = self
    sum.small = 0
    sum.addSmall(small)
    return sum.digits.isEmpty ? [UInt64](repeating: 0, count: Self.digitCount) : sum.digits
  }

  /// The sum over `count`, to within an ulp; NaN for a count of 0.
  public func mean(over count: Int) -> Double {
    guard count > 0 else { return .nan }
    let digits = allDigits
    let top = max(digits.lastIndex { $0 > 0 } ?? 0, 1)
    // 64 bits or more below a leading digit other than 0 are more than a Double holds.
    let leading = UInt128(digits[top]) << 64 | UInt128(digits[top - 1])
    return Double(
      sign: .plus, exponent: 64 * (top - 1) - 1074, significand: Double(leading) / Double(count))
  }
}

extension ExactSum: Hashable {
  public static func == (a: ExactSum, b: ExactSum) -> Bool { a.allDigits == b.allDigits }

  public func hash(into hasher: inout Hasher) { hasher.combine(allDigits) }
}
