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
  static var greatestFiniteMagnitude: Self { Self(constant: .greatestFiniteMagnitude) }
  static var leastNormalMagnitude: Self { Self(constant: .leastNormalMagnitude) }
  static var leastNonzeroMagnitude: Self { Self(constant: .leastNonzeroMagnitude) }
  static var ulpOfOne: Self { Self(constant: .ulpOfOne) }
  static var pi: Self { Self(constant: .pi) }

  init(sign: FloatingPointSign, exponent: Int, significand: Self) {
    self = significand.mapped {
      Number(sign: sign, exponent: Number.Exponent(exponent), significand: $0)
    }
  }

  init(signOf sign: Self, magnitudeOf magnitude: Self) {
    self = sign.combined(magnitude) { Number(signOf: $0, magnitudeOf: $1) }
  }

  init<Source: BinaryInteger>(_ value: Source) {
    self.init(constant: Number(value))
  }

  init?<Source: BinaryInteger>(exactly value: Source) {
    guard let number = Number(exactly: value) else { return nil }
    self.init(constant: number)
  }

  init(integerLiteral value: Int) {
    self.init(value)
  }

  var sign: FloatingPointSign { agreed { $0.sign } }
  var exponent: Int { agreed { Int($0.exponent) } }
  var significand: Self { mapped { $0.significand } }
  var magnitude: Self { mapped { Number(exact: $0.float.magnitude) } }
  var ulp: Self { mapped { $0.ulp } }
  var nextUp: Self { mapped { $0.nextUp } }

  var isNormal: Bool { isFinite && magnitude >= .leastNormalMagnitude }
  var isFinite: Bool { agreed(lo_lockstep_finite, self) }
  var isZero: Bool { isEqual(to: 0) }
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

  static prefix func - (a: Self) -> Self { Self(constant: Number(exact: -0.0)) - a }
  mutating func negate() { self = -self }

  mutating func addProduct(_ a: Self, _ b: Self) {
    for i in 0..<lanes.scalarCount {
      var sum = Number(exact: lanes[i])
      sum.addProduct(Number(exact: a.lanes[i]), Number(exact: b.lanes[i]))
      lanes[i] = sum.float
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
