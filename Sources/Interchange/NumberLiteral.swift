public import FloatFormats
internal import LossFunctions

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
      "\(text.shown) is not a number; write a decimal, a hexadecimal float such as 0x1.8p3, "
        + "inf, -inf or nan"
    case .notRepresentable(let text, let format) where text.hasSuffix("inf"):
      "\(text) is not a number of \(format), which has no infinity"
    case .notRepresentable(let text, let format):
      "\(text.excerpt()) is not a number of \(format); write it in decimal to have it rounded"
    }
  }
}

extension FloatFormat {
  /// The number that `text` stands for: a decimal is rounded to the format, once; a hexadecimal float
  /// must be one of its numbers; `inf`, `-inf` and `nan` are what they say.
  public func value(literal text: String) throws(NumberLiteralError) -> FloatValue {
    if let value = value(decimal: text) { return value }
    return try value(exactLiteral: text)
  }

  /// The number of the format that `text` writes exactly: a hexadecimal float, `inf`, `-inf` or `nan`.
  package func value(exactLiteral text: String) throws(NumberLiteralError) -> FloatValue {
    let value: FloatValue? =
      switch text {
      case "inf", "+inf": .infinity
      case "-inf": .infinity(isNegative: true)
      case "nan", "+nan", "-nan": .nan
      default: FloatValue(hexadecimal: text)
      }
    guard let value else { throw .notANumber(text) }
    guard contains(value) else { throw .notRepresentable(text, self) }
    return value
  }
}
