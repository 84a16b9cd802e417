public import FloatFormats
internal import Multiprecision
public import RealModule

/// A type of numbers that implementations compute in.
public protocol LossScalar: Real, Sendable {
  /// The format of its numbers.
  static var format: FloatFormat { get }
  /// The nearest number to `value`.
  init(_ value: FloatValue)
  /// The same number.
  var floatValue: FloatValue { get }
  /// The same number.
  var double: Double { get }
}

extension Float: LossScalar {
  public static var format: FloatFormat { .float32 }
  public init(_ value: FloatValue) {
    self.init(FloatFormat.float32.rounded(value, .nearestEven).double)
  }
  public var floatValue: FloatValue { FloatValue(self) }
  public var double: Double { Double(self) }
}

extension Double: LossScalar {
  public static var format: FloatFormat { .float64 }
  public init(_ value: FloatValue) { self = value.double }
  public var floatValue: FloatValue { FloatValue(self) }
  public var double: Double { self }
}

extension NarrowFloat: LossScalar {
  public static var format: FloatFormat { Layout.format }
  public init(_ value: FloatValue) {
    self.init(Float(Layout.format.rounded(value, .nearestEven).double))
  }
  public var floatValue: FloatValue { FloatValue(float) }
  public var double: Double { Double(float) }
}

#if !(os(macOS) && arch(x86_64))
  /// For those who compute in it themselves: `Binary16` has the same numbers and operations.
  extension Float16: LossScalar {
    public static var format: FloatFormat { .float16 }
    public init(_ value: FloatValue) {
      self.init(FloatFormat.float16.rounded(value, .nearestEven).double)
    }
    public var floatValue: FloatValue { FloatValue(self) }
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
