internal import FastKernels

/// Numbers of one format, one for each of 64 rows that an algorithm goes through in lockstep.
///
/// An algorithm generic over `Real` allocates its arrays and takes its branches once for all of them, and
/// its arithmetic is done in vectors. Where a comparison comes out differently for one row than for
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

  /// A property of each row by itself, by the first one; notes where another row differs.
  func agreed<Value: Equatable>(_ property: (Number) -> Value) -> Value {
    let first = property(Number(exact: lanes[0]))
    for i in 1..<lanes.scalarCount where property(Number(exact: lanes[i])) != first {
      divergence?.pointee = true
    }
    return first
  }

  /// A function of each row by itself.
  func mapped(_ function: (Number) -> Number) -> Self {
    combined(self) { number, _ in function(number) }
  }

  /// A function of each row and one of others.
  func combined(_ other: Self, _ function: (Number, Number) -> Number) -> Self {
    var results = self
    results.divergence = divergence ?? other.divergence
    results.lanes.withFloats { floats in
      other.lanes.withFloats {
        for i in 0..<lanes.scalarCount {
          floats[i] = function(Number(exact: floats[i]), Number(exact: $0[i])).float
        }
      }
    }
    return results
  }
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
