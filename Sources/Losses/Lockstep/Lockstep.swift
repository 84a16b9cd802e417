internal import LockstepKernels

/// Numbers of one format, one for each of 64 rows that an algorithm goes through in lockstep.
///
/// An algorithm generic over `LossNumber` allocates its arrays and takes its branches once for all of them,
/// and its arithmetic is done in vectors. Where a comparison comes out differently for one row than for
/// another they diverge: what follows holds for none of them, and `divergence` is set. Such rows are to be
/// computed one by one.
struct Lockstep<Number: LockstepNumber> {
  var lanes: SIMD64<Float>
  /// Where to note a divergence; nil for constants, which have none among themselves.
  var divergence: UnsafeMutablePointer<Bool>?

  init(_ lanes: SIMD64<Float>, _ divergence: UnsafeMutablePointer<Bool>?) {
    self.lanes = lanes
    self.divergence = divergence
  }

  /// A number in every row.
  init(constant: Number) {
    self.init(SIMD64(repeating: constant.float), nil)
  }

  /// The results of an operation on these and others, rounded.
  func combined(_ operation: lo_lockstep_operation, _ other: Self) -> Self {
    var results = self
    results.divergence = divergence ?? other.divergence
    results.lanes.withFloats { floats in
      other.lanes.withFloats {
        lo_lockstep_combine(operation, Number.kernelFormat, floats, $0, floats)
      }
    }
    return results
  }

  /// Whether a comparison with others holds for all rows, or for some; that is noted.
  func agreed(_ comparison: lo_lockstep_comparison, _ other: Self) -> Bool {
    let count = lanes.withFloats { floats in
      other.lanes.withFloats { lo_lockstep_compare(comparison, floats, $0) }
    }
    if count != 0, count != lanes.scalarCount { (divergence ?? other.divergence)?.pointee = true }
    return count != 0
  }

  func value(of function: ElementaryFunction) -> Self {
    Self(Number.values(of: function, at: lanes), divergence)
  }
}

extension Lockstep: LossNumber {
  static var infinity: Self { Self(constant: .infinity) }
  static var nan: Self { Self(constant: .nan) }
  static var ulpOfOne: Self { Self(constant: .ulpOfOne) }
  static var leastNormalMagnitude: Self { Self(constant: .leastNormalMagnitude) }

  init(_ value: Int) { self.init(constant: Number(value)) }
  init(integerLiteral value: Int) { self.init(value) }
  init(_ value: Double) { self.init(constant: Number(value)) }

  var isFinite: Bool { agreed(lo_lockstep_finite, self) }
  var isNaN: Bool { !agreed(lo_lockstep_equal, self) }
  var magnitude: Self {
    var magnitudes = self
    magnitudes.lanes.withFloats { floats in
      for i in 0..<lanes.scalarCount { floats[i] = floats[i].magnitude }
    }
    return magnitudes
  }

  static func == (a: Self, b: Self) -> Bool { a.agreed(lo_lockstep_equal, b) }
  static func < (a: Self, b: Self) -> Bool { a.agreed(lo_lockstep_less, b) }
  static func <= (a: Self, b: Self) -> Bool { a.agreed(lo_lockstep_lessOrEqual, b) }
  static func > (a: Self, b: Self) -> Bool { b < a }
  static func >= (a: Self, b: Self) -> Bool { b <= a }

  static prefix func - (a: Self) -> Self { Self(constant: Number(exact: -0.0)) - a }
  static func + (a: Self, b: Self) -> Self { a.combined(lo_lockstep_sum, b) }
  static func - (a: Self, b: Self) -> Self { a.combined(lo_lockstep_difference, b) }
  static func * (a: Self, b: Self) -> Self { a.combined(lo_lockstep_product, b) }
  static func / (a: Self, b: Self) -> Self { a.combined(lo_lockstep_quotient, b) }
  static func maximum(_ a: Self, _ b: Self) -> Self { a.combined(lo_lockstep_maximum, b) }
  static func minimum(_ a: Self, _ b: Self) -> Self { a.combined(lo_lockstep_minimum, b) }

  static func exp(_ x: Self) -> Self { x.value(of: .exponential) }
  static func expMinusOne(_ x: Self) -> Self { x.value(of: .exponentialMinusOne) }
  static func log(_ x: Self) -> Self { x.value(of: .logarithm) }
  static func log(onePlus x: Self) -> Self { x.value(of: .logarithmOnePlus) }
}

// By the pointer: numbered one by one, the lanes of a vector of this size are slow.
extension SIMD64<Float> {
  @inline(__always)
  func withFloats<Result>(_ body: (UnsafePointer<Float>) -> Result) -> Result {
    withUnsafePointer(to: self) { pointer in
      pointer.withMemoryRebound(to: Float.self, capacity: scalarCount, body)
    }
  }

  @inline(__always)
  mutating func withFloats<Result>(_ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
    let count = scalarCount
    return withUnsafeMutablePointer(to: &self) { pointer in
      pointer.withMemoryRebound(to: Float.self, capacity: count, body)
    }
  }
}
