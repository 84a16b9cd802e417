internal import LockstepKernels
internal import RealModule

/// A number of a format of at most 32 bits, as the float32 that it equals.
protocol LockstepNumber: LossScalar {
  /// A number of the format.
  init(exact number: Float)
  /// The same number.
  var float: Float { get }
  /// Which of the kernels' formats it is of.
  static var kernelFormat: lo_lockstep_format { get }
  /// An elementary function of numbers of the format, rounded.
  static func values(of function: ElementaryFunction, at numbers: SIMD64<Float>) -> SIMD64<Float>
}

/// The elementary functions that losses are made of.
enum ElementaryFunction: Int, CaseIterable {
  case exponential, exponentialMinusOne, logarithm, logarithmOnePlus

  func value(at x: Float) -> Float {
    switch self {
    case .exponential: .exp(x)
    case .exponentialMinusOne: .expMinusOne(x)
    case .logarithm: .log(x)
    case .logarithmOnePlus: .log(onePlus: x)
    }
  }
}

extension Float: LockstepNumber {
  init(exact number: Float) { self = number }
  var float: Float { self }
  static var kernelFormat: lo_lockstep_format { lo_lockstep_float32 }

  static func values(of function: ElementaryFunction, at numbers: SIMD64<Float>) -> SIMD64<Float> {
    var values = numbers
    values.withFloats { floats in
      for i in 0..<numbers.scalarCount { floats[i] = function.value(at: floats[i]) }
    }
    return values
  }
}

extension NarrowFloat: LockstepNumber where Layout: TabulatedLayout {
  static var kernelFormat: lo_lockstep_format { Layout.kernelFormat }

  static func values(of function: ElementaryFunction, at numbers: SIMD64<Float>) -> SIMD64<Float> {
    Layout.tables.values(of: function, at: numbers)
  }
}

/// A 16-bit format with tables of the elementary functions.
protocol TabulatedLayout: NarrowLayout {
  static var kernelFormat: lo_lockstep_format { get }
  static var tables: ElementaryTables<Self> { get }
}

extension BFloat16Layout: TabulatedLayout {
  static var kernelFormat: lo_lockstep_format { lo_lockstep_bfloat16 }
  static let tables = ElementaryTables<BFloat16Layout>(droppedBitCount: 16)
}

extension Binary16Layout: TabulatedLayout {
  static var kernelFormat: lo_lockstep_format { lo_lockstep_float16 }
  static let tables = ElementaryTables<Binary16Layout>(droppedBitCount: 13)
}

/// The elementary functions of a 16-bit format, by the bits that its numbers leave of a float32.
///
/// Never written to again, and kept for as long as the program runs.
struct ElementaryTables<Layout: NarrowLayout>: @unchecked Sendable {
  private let droppedBitCount: UInt32
  /// A table for each function, one after another in the order of the cases.
  private let values: UnsafePointer<Float>

  init(droppedBitCount: UInt32) {
    self.droppedBitCount = droppedBitCount
    let count = 1 << (32 - Int(droppedBitCount))
    let functions = ElementaryFunction.allCases
    let values = UnsafeMutablePointer<Float>.allocate(capacity: functions.count * count)
    values.initialize(repeating: .nan, count: functions.count * count)
    for function in functions {
      for encoding in UInt16.min...UInt16.max {
        let number = Layout.decoded(encoding)
        let index = Int(number.bitPattern >> droppedBitCount)
        values[function.rawValue * count + index] = Layout.rounded(function.value(at: number))
      }
    }
    self.values = UnsafePointer(values)
  }

  func values(of function: ElementaryFunction, at numbers: SIMD64<Float>) -> SIMD64<Float> {
    var results = numbers
    let table = values + (function.rawValue << (32 - Int(droppedBitCount)))
    results.withFloats { lo_lockstep_look_up(table, droppedBitCount, $0, $0) }
    return results
  }
}
