extension FloatFormat {
  /// IEEE 754 binary16.
  public static let float16 = FloatFormat("float16", exponentBits: 5, fractionBits: 10)
  /// The upper half of a float32.
  public static let bfloat16 = FloatFormat("bfloat16", exponentBits: 8, fractionBits: 7)
  /// IEEE 754 binary32.
  public static let float32 = FloatFormat("float32", exponentBits: 8, fractionBits: 23)
  /// IEEE 754 binary64.
  public static let float64 = FloatFormat("float64", exponentBits: 11, fractionBits: 52)
  /// The 8-bit format of the OCP specification with 4 exponent bits and no infinities.
  public static let float8E4M3FN = FloatFormat(
    "float8_e4m3fn", exponentBits: 4, fractionBits: 3, specials: .finiteAndNaN)
  /// The 8-bit format of the OCP specification with 5 exponent bits, IEEE-like.
  public static let float8E5M2 = FloatFormat("float8_e5m2", exponentBits: 5, fractionBits: 2)

  /// Every format with a name of its own, narrow to wide.
  public static let catalogue: [FloatFormat] = [
    .float8E4M3FN, .float8E5M2, .float16, .bfloat16, .float32, .float64,
  ]

  init(
    _ name: String, exponentBits: Int, fractionBits: Int, specials: Specials = .ieee
  ) {
    self.name = name
    exponentBitCount = exponentBits
    fractionBitCount = fractionBits
    self.specials = specials
  }

  /// The exponent widths that `e⟨w⟩m⟨p⟩` names can have.
  public static let exponentBitRange = 2...19
  /// The stored fraction widths that `e⟨w⟩m⟨p⟩` names can have.
  public static let fractionBitRange = 1...112

  /// The format called `name`: one of the catalogue, or `e⟨w⟩m⟨p⟩` for an IEEE-like format of w
  /// exponent and p stored fraction bits, such as `e8m10`.
  ///
  /// - Returns: nil where there is no such format.
  public init?(named name: String) {
    if let known = Self.catalogue.first(where: { $0.name == name }) {
      self = known
      return
    }
    guard let match = name.wholeMatch(of: /e([0-9]{1,3})m([0-9]{1,3})/),
      let exponentBits = Int(match.1), let fractionBits = Int(match.2),
      Self.exponentBitRange.contains(exponentBits), Self.fractionBitRange.contains(fractionBits)
    else { return nil }
    self.init(name, exponentBits: exponentBits, fractionBits: fractionBits)
  }
}
