public import FloatFormats
public import RealModule

/// A way to add up Σ e^(x − max).
///
/// The last rounding of a sum of n terms from first to last is n − 1 roundings away from its first
/// term; the others differ in that number, or carry the roundings along.
public protocol ShiftedSum: Sendable {
  /// The name, that of the implementations that sum so.
  var name: String { get }
  /// The sum in the formula of an implementation.
  var formula: String { get }
  /// Where the way comes from.
  var source: String { get }
  /// The frameworks that sum so.
  var frameworks: [String] { get }
  /// The greatest logit and the sum.
  func shiftedSum<T: Real>(_ x: [T]) -> (maximum: T, sum: T)
  /// `form.fillInLockstep`, here so that it is compiled for this way to sum.
  func fill(
    _ form: SummedCrossEntropy<Self>, _ values: UnsafeMutableBufferPointer<Float>, first: Float,
    seconds: UnsafeBufferPointer<Float>, label: Int, in format: FloatFormat
  ) -> Bool
}

extension ShiftedSum {
  public var frameworks: [String] { [] }

  public func fill(
    _ form: SummedCrossEntropy<Self>, _ values: UnsafeMutableBufferPointer<Float>, first: Float,
    seconds: UnsafeBufferPointer<Float>, label: Int, in format: FloatFormat
  ) -> Bool {
    form.fillInLockstep(values, first: first, seconds: seconds, label: label, in: format)
  }
}
