/// A decimal number 0.d₁d₂d₃… · 10^`pointPosition`, with its sign.
public struct DecimalDigits: Hashable, Sendable {
  /// Whether the number is negative.
  public var isNegative: Bool
  /// The significant digits, each "0" to "9".
  public var digits: String
  /// How many digits stand before the decimal point; negative where zeros follow it.
  public var pointPosition: Int

  /// A number from its parts.
  public init(isNegative: Bool, digits: String, pointPosition: Int) {
    self.isNegative = isNegative
    self.digits = digits
    self.pointPosition = pointPosition
  }
}

extension DecimalDigits {
  /// The number as Python and Swift write it: positional from 10⁻⁴ to 10¹⁶, else with an exponent.
  /// Zeros at the end are left out.
  public var text: String {
    var significant = Substring(digits)
    while significant.count > 1, significant.hasSuffix("0") { significant.removeLast() }
    return text(significant)
  }

  /// The same with every digit, zeros at the end too.
  public var untrimmedText: String { text(Substring(digits)) }

  /// The number with one digit before the point and an exponent, whatever its size.
  public var scientificText: String { scientificText(Substring(digits)) }

  private func scientificText(_ significant: Substring) -> String {
    let fraction = significant.dropFirst()
    let exponent = pointPosition - 1
    return
      "\(isNegative ? "-" : "")\(significant.prefix(1))\(fraction.isEmpty ? "" : ".")\(fraction)"
      + "e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
  }

  private func text(_ significant: Substring) -> String {
    let sign = isNegative ? "-" : ""
    let exponent = pointPosition - 1
    guard (-4..<16).contains(exponent) else { return scientificText(significant) }
    if pointPosition <= 0 {
      return sign + "0." + String(repeating: "0", count: -pointPosition) + significant
    }
    if significant.count <= pointPosition {
      return sign + significant + String(repeating: "0", count: pointPosition - significant.count)
    }
    return sign + significant.prefix(pointPosition) + "." + significant.dropFirst(pointPosition)
  }
}
