/// The upper half of a float32, with the arithmetic that kernels give it.
///
/// Each operation is done in float32 and rounded once to nearest, ties to even. For + − × ÷ and the
/// square root that is the correctly rounded result: 24 ≥ 2·8 + 2 bits make the double rounding
/// innocuous (S. Figueroa, "When is double rounding innocuous?", 1995). The elementary functions
/// have float32's small error before the rounding.
public struct BFloat16: Hashable, Sendable {
  /// The encoding.
  public var bitPattern: UInt16

  /// The number with an encoding.
  public init(bitPattern: UInt16) {
    self.bitPattern = bitPattern
  }

  /// The nearest number to `value`, ties to even.
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x0040
    } else {
      // Half of the last place, less one where the kept part is even, carries exactly when due.
      let bias = 0x7FFF + (bits >> 16 & 1)
      bitPattern = UInt16(truncatingIfNeeded: (bits + bias) >> 16)
    }
  }

  /// The same number.
  public var float: Float { Float(bitPattern: UInt32(bitPattern) << 16) }
}

extension BFloat16: CustomStringConvertible {
  /// The value as float32 prints it.
  public var description: String { float.description }
}
