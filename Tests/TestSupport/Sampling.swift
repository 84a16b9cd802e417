public import Cases
public import FloatFormats
import Multiprecision

extension ChoiceSource {
  /// A finite number of `format`, its bits drawn uniformly: every binade is as likely.
  public mutating func finiteValue(of format: FloatFormat) -> FloatValue {
    while true {
      let value = format.decode(UInt128(bits()) << 64 | UInt128(bits()))
      if value.isFinite { return value }
    }
  }

  /// A number of `format` near `scale` times a standard normal deviate.
  public mutating func normalValue(of format: FloatFormat, scale: Double) -> FloatValue {
    format.rounded(FloatValue(scale * normal()), .nearestEven)
  }
}
