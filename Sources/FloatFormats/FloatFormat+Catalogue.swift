extension FloatFormat {
  /// IEEE 754 binary16.
  public static let float16 = FloatFormat(exponentBits: 5, fractionBits: 10)
  /// The upper half of a float32.
  public static let bfloat16 = FloatFormat(exponentBits: 8, fractionBits: 7)
  /// IEEE 754 binary32.
  public static let float32 = FloatFormat(exponentBits: 8, fractionBits: 23)
  /// IEEE 754 binary64.
  public static let float64 = FloatFormat(exponentBits: 11, fractionBits: 52)
  /// The 8-bit format of the OCP specification with 4 exponent bits and no infinities.
  public static let float8E4M3FN = FloatFormat(
    exponentBits: 4, fractionBits: 3, specials: .finiteAndNaN)
  /// The 8-bit format of the OCP specification with 5 exponent bits, IEEE-like.
  public static let float8E5M2 = FloatFormat(exponentBits: 5, fractionBits: 2)

  /// The widest format that there is, for numbers of any other.
  package static let widest = FloatFormat(exponentBits: 19, fractionBits: 112)

  private static let names: KeyValuePairs<String, FloatFormat> = [
    "float8_e4m3fn": .float8E4M3FN, "float8_e5m2": .float8E5M2, "float16": .float16,
    "bfloat16": .bfloat16, "float32": .float32, "float64": .float64,
  ]

  /// Every format with a name of its own, narrow to wide.
  public static let catalogue: [FloatFormat] = names.map(\.value)

  init(exponentBits: Int, fractionBits: Int, specials: Specials = .ieee) {
    exponentBitCount = exponentBits
    fractionBitCount = fractionBits
    self.specials = specials
  }

  /// The exponent widths that `e⟨w⟩m⟨p⟩` names can have.
  public static let exponentBitRange = 2...19
  /// The stored fraction widths that `e⟨w⟩m⟨p⟩` names can have.
  public static let fractionBitRange = 1...112

  /// The name, as ml_dtypes and safetensors users write it; `e⟨w⟩m⟨p⟩` where they have none.
  public var name: String {
    Self.names.first { $0.value == self }?.key ?? "e\(exponentBitCount)m\(fractionBitCount)"
  }

  /// The format called `name`: one of the catalogue, or `e⟨w⟩m⟨p⟩` for an IEEE-like format of w
  /// exponent and p stored fraction bits, such as `e8m10`, of at most 128 bits in all. So `e8m23` is
  /// `float32`.
  ///
  /// - Returns: nil where there is no such format.
  public init?(named name: String) {
    if let known = Self.names.first(where: { $0.key == name }) {
      self = known.value
      return
    }
    let widths = name.dropFirst().split(separator: "m", omittingEmptySubsequences: false)
    // Digits alone: an integer's own initialiser takes a sign, too.
    let isWritten = widths.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    guard name.hasPrefix("e"), widths.count == 2, isWritten,
      let exponentBits = UInt8(widths[0]).map(Int.init),
      let fractionBits = UInt8(widths[1]).map(Int.init),
      Self.exponentBitRange.contains(exponentBits), Self.fractionBitRange.contains(fractionBits),
      // As many as an encoding has.
      1 + exponentBits + fractionBits <= 128
    else { return nil }
    self.init(exponentBits: exponentBits, fractionBits: fractionBits)
  }
}
