internal import RealModule

/// What the formulas of losses ask of numbers, and no more.
///
/// A formula that is generic over these computes in a format's own arithmetic (`LossScalar`), with a bound of
/// its error (`RunningError`), and for many rows at once (`Lockstep`).
///
/// Comparisons are those of IEEE 754: all but ≠ are false where a number is NaN.
public protocol LossNumber: AdditiveArithmetic, Comparable, ExpressibleByIntegerLiteral {
  static var infinity: Self { get }
  static var nan: Self { get }
  /// The distance from 1 to the next number.
  static var ulpOfOne: Self { get }
  static var leastNormalMagnitude: Self { get }

  /// The nearest number to an integer, ties to even.
  init(_ value: Int)
  /// The nearest number to a double, ties to even.
  init(_ value: Double)

  var isFinite: Bool { get }
  var isNaN: Bool { get }
  var magnitude: Self { get }

  static prefix func - (a: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
  /// The other one where one is NaN.
  static func maximum(_ a: Self, _ b: Self) -> Self
  static func minimum(_ a: Self, _ b: Self) -> Self

  static func exp(_ x: Self) -> Self
  static func expMinusOne(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
  static func log(onePlus x: Self) -> Self
}
