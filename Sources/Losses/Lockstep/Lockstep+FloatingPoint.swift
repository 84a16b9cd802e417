internal import FastKernels

// `FloatingPoint`, row by row; what is one answer for all rows is that of the first, see `agreed`.

extension Lockstep: FloatingPoint {
  typealias Exponent = Int
  typealias Magnitude = Self
  typealias Stride = Self

  static var radix: Int { 2 }
  static var nan: Self { Self(constant: .nan) }
  static var signalingNaN: Self { Self(constant: .signalingNaN) }
  static var infinity: Self { Self(constant: .infinity) }
  static var greatestFiniteMagnitude: Self { Self(constant: Layout.greatest) }
  static var leastNormalMagnitude: Self { power(of: Layout.leastExponent) }
  static var leastNonzeroMagnitude: Self {
    power(of: Layout.leastExponent - Layout.fractionBitCount)
  }
  static var ulpOfOne: Self { power(of: -Layout.fractionBitCount) }
  static var pi: Self { Self(constant: .pi).combined(lo_lockstep_rounding, .nan) }

  private static func power(of exponent: Int) -> Self {
    Self(constant: Float(sign: .plus, exponent: exponent, significand: 1))
  }

  init(sign: FloatingPointSign, exponent: Int, significand: Self) {
    self = significand.mapped { Float(sign: sign, exponent: exponent, significand: $0) }
  }

  init(signOf sign: Self, magnitudeOf magnitude: Self) {
    self = sign.combined(magnitude) { Float(signOf: $0, magnitudeOf: $1) }
  }

  // Integers in formulas are small: they and their sums are numbers of float32.
  init<Source: BinaryInteger>(_ value: Source) {
    self = Self(constant: Float(value)).combined(lo_lockstep_rounding, .nan)
  }

  init?<Source: BinaryInteger>(exactly value: Source) {
    guard Float(exactly: value) != nil else { return nil }
    self.init(value)
  }

  init(integerLiteral value: Int) {
    self.init(constant: Float(value))
  }

  var sign: FloatingPointSign { agreed { $0.sign } }
  var exponent: Int { agreed { Int($0.exponent) } }
  var significand: Self { mapped { $0.significand } }
  var magnitude: Self { mapped { $0.magnitude } }
  var ulp: Self {
    mapped { number in
      let least = Layout.leastExponent
      let exponent = max(number.isZero ? least : Int(number.exponent), least)
      return number.isFinite
        ? Float(sign: .plus, exponent: exponent - Layout.fractionBitCount, significand: 1) : .nan
    }
  }
  var nextUp: Self {
    let ulp = ulp
    return combined(ulp) { number, ulp in
      // The numbers below a negative power of two are twice as near.
      number < 0 && number.significand == 1 ? number + max(ulp / 2, number.ulp) : number + ulp
    }
  }

  var isNormal: Bool { isFinite && magnitude >= .leastNormalMagnitude }
  var isFinite: Bool { agreed(lo_lockstep_finite, self) }
  var isZero: Bool { isEqual(to: Self(constant: 0)) }
  var isSubnormal: Bool { !isZero && magnitude < .leastNormalMagnitude }
  var isInfinite: Bool { !isFinite && !isNaN }
  var isNaN: Bool { !isEqual(to: self) }
  var isSignalingNaN: Bool { agreed { $0.isSignalingNaN } }
  var isCanonical: Bool { true }

  func isEqual(to other: Self) -> Bool { agreed(lo_lockstep_equal, other) }
  func isLess(than other: Self) -> Bool { agreed(lo_lockstep_less, other) }
  func isLessThanOrEqualTo(_ other: Self) -> Bool { agreed(lo_lockstep_lessOrEqual, other) }
  func isTotallyOrdered(belowOrEqualTo other: Self) -> Bool { self <= other }

  func hash(into hasher: inout Hasher) { hasher.combine(lanes) }
  func distance(to other: Self) -> Self { other - self }
  func advanced(by amount: Self) -> Self { self + amount }

  mutating func round(_ rule: FloatingPointRoundingRule) { self = mapped { $0.rounded(rule) } }

  static func maximum(_ a: Self, _ b: Self) -> Self {
    a.combined(lo_lockstep_maximum, b)
  }
  static func minimum(_ a: Self, _ b: Self) -> Self {
    a.combined(lo_lockstep_minimum, b)
  }
}

// MARK: - Arithmetic

extension Lockstep {
  static func == (a: Self, b: Self) -> Bool { a.isEqual(to: b) }
  static func < (a: Self, b: Self) -> Bool { a.isLess(than: b) }

  static func + (a: Self, b: Self) -> Self { a.combined(lo_lockstep_sum, b) }
  static func - (a: Self, b: Self) -> Self { a.combined(lo_lockstep_difference, b) }
  static func * (a: Self, b: Self) -> Self { a.combined(lo_lockstep_product, b) }
  static func / (a: Self, b: Self) -> Self { a.combined(lo_lockstep_quotient, b) }
  static func += (a: inout Self, b: Self) { a = a + b }
  static func -= (a: inout Self, b: Self) { a = a - b }
  static func *= (a: inout Self, b: Self) { a = a * b }
  static func /= (a: inout Self, b: Self) { a = a / b }

  static prefix func - (a: Self) -> Self { Self(constant: -0.0) - a }
  mutating func negate() { self = -self }

  mutating func addProduct(_ a: Self, _ b: Self) {
    for i in 0..<lanes.scalarCount {
      lanes[i] = Layout.productSum(a.lanes[i], b.lanes[i], lanes[i])
    }
    divergence = divergence ?? a.divergence ?? b.divergence
  }

  mutating func formRemainder(dividingBy other: Self) {
    self = combined(other) { $0.remainder(dividingBy: $1) }
  }

  mutating func formTruncatingRemainder(dividingBy other: Self) {
    self = combined(other) { $0.truncatingRemainder(dividingBy: $1) }
  }

  mutating func formSquareRoot() { self = mapped { $0.squareRoot() } }
}
