public import FloatFormats
internal import Multiprecision
internal import RealModule

/// A type of numbers of one format, with the arithmetic that implementations compute in.
public protocol LossScalar: LossNumber, Sendable {
  /// The format of its numbers.
  static var format: FloatFormat { get }
  /// The same number.
  var double: Double { get }
}

extension LossScalar {
  /// The nearest number to `value`, ties to even.
  public init(_ value: FloatValue) {
    self.init(Self.format.rounded(value, .nearestEven).double)
  }
  /// The same number.
  public var floatValue: FloatValue { FloatValue(double) }
}

extension Float: LossScalar {
  public static var format: FloatFormat { .float32 }
  public var double: Double { Double(self) }
}

extension Double: LossScalar {
  public static var format: FloatFormat { .float64 }
  public var double: Double { self }
}

#if !(os(macOS) && arch(x86_64))
  /// For those who compute in it themselves: `Binary16` has the same numbers and operations.
  extension Float16: LossScalar {
    public static var format: FloatFormat { .float16 }
    public var double: Double { Double(self) }
  }
#endif

extension FloatFormat {
  /// The type of numbers in which implementations compute for this format; nil where there is none.
  public var scalarType: (any LossScalar.Type)? {
    LossScalars.all.first { $0.format == self }
  }
}

/// The types of numbers that implementations compute in.
public enum LossScalars {
  /// All of them, narrow to wide.
  public static var all: [any LossScalar.Type] {
    [Binary16.self, BFloat16.self, Float.self, Double.self]
  }
}
