public import FloatFormats

/// Why a text is not a number of a format.
public enum NumberLiteralError: Error, Hashable, Sendable, CustomStringConvertible {
  /// It is no number at all.
  case notANumber(String)
  /// It is a hexadecimal float, hence exact, but the format does not hold it.
  case notRepresentable(String, FloatFormat)

  /// What was wrong, and what would do.
  public var description: String {
    switch self {
    case .notANumber(let text):
      "\"\(text)\" is not a number; write a decimal, a hexadecimal float such as 0x1.8p3, "
        + "inf, -inf or nan"
    case .notRepresentable(let text, let format):
      "\(text) is not a number of \(format); write it in decimal to have it rounded"
    }
  }
}

extension FloatFormat {
  /// The number that `text` stands for: a decimal is rounded to the format, once; a hexadecimal
  /// float must be one of its numbers; `inf`, `-inf` and `nan` are what they say.
  public func value(literal text: String) throws(NumberLiteralError) -> FloatValue {
    switch text {
    case "inf", "+inf", "-inf":
      let value = FloatValue.infinity(isNegative: text.hasPrefix("-"))
      guard contains(value) else { throw .notRepresentable(text, self) }
      return value
    case "nan", "+nan", "-nan": return .nan
    default: break
    }
    if let value = value(decimal: text) { return value }
    guard let value = FloatValue(hexadecimal: text) else { throw .notANumber(text) }
    guard contains(value) else { throw .notRepresentable(text, self) }
    return value
  }
}
