public import FloatFormats
internal import LossFunctions
internal import SmallFoundation

/// How near outputs are to the exact values: what is claimed, and what is reached on all rows.
///
/// The article "What passes" defines each grade and derives its bounds. But for ``ulps(_:)`` of a large
/// number, each implies the ones below it.
public enum Grade: Hashable, Sendable {
  /// Each output is the number of the format nearest to the exact value.
  case correctlyRounded
  /// Each output is less than 1 ulp off.
  case faithful
  /// Each output is at most so many ulps off; infinite for any finite error.
  case ulps(Double)
  /// Each output is the rounding of a value that is `common` in a wider format: computed wide, stored narrow.
  case roundedFrom(FloatFormat)
  /// Each output is as near as the common form brings it, with the maximum taken off and a tree of sums, in
  /// float32 or, where the outputs have more bits, in their format.
  case common
  /// None of these.
  case fallsShort

  /// The ulps up to which a number of them says more than `common` does.
  package static let greatestULPs = 16.0

  /// The least number of three decimal digits that is no less than another.
  package static func threeDigits(above value: Double) -> Double {
    guard value > 0, value.isFinite else { return value }
    let unit = pow(10, floor(log10(value)) - 2)
    let rounded = (value / unit).rounded(.up) * unit
    // The decimal nearest to it, which may be a rounding below.
    return Double(rounded.printed("%.3g")).map { max($0, value) } ?? rounded
  }

  /// The formats that outputs may be rounded from.
  static let wideFormats: [FloatFormat] = [.float64, .float32]

  /// The grade that is claimed by name: `correctly-rounded`, `faithful`, `ulp:N`, `rounded-from:float32`,
  /// `rounded-from:float64`, `common`.
  ///
  /// - Throws: Where the text is none of these.
  public init(claim text: String) throws(GradeError) {
    guard let grade = Grade(rawValue: text), grade != .fallsShort else {
      throw GradeError(text: text)
    }
    self = grade
  }
}

extension Grade {
  /// Case by case: what `RawRepresentable` brings writes both names out, for each row that is judged.
  public static func == (a: Grade, b: Grade) -> Bool {
    switch (a, b) {
    case (.correctlyRounded, .correctlyRounded), (.faithful, .faithful), (.common, .common),
      (.fallsShort, .fallsShort):
      true
    case (.ulps(let count), .ulps(let other)): count == other
    case (.roundedFrom(let format), .roundedFrom(let other)): format == other
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .correctlyRounded: hasher.combine(0)
    case .faithful: hasher.combine(1)
    case .ulps(let count): hasher.combine(count)
    case .roundedFrom(let format): hasher.combine(format)
    case .common: hasher.combine(2)
    case .fallsShort: hasher.combine(3)
    }
  }
}

extension Grade: RawRepresentable, Codable, CustomStringConvertible {
  /// The name: `ulp:4`.
  public var rawValue: String {
    switch self {
    case .correctlyRounded: "correctly-rounded"
    case .faithful: "faithful"
    case .ulps(let count): "ulp:\(Self.text(count))"
    case .roundedFrom(let format): "rounded-from:\(format)"
    case .common: "common"
    case .fallsShort: "falls-short"
    }
  }

  /// The grade with a name.
  public init?(rawValue: String) {
    let parts = rawValue.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    switch (parts[0], parts.count > 1 ? String(parts[1]) : nil) {
    case ("correctly-rounded", nil): self = .correctlyRounded
    case ("faithful", nil): self = .faithful
    case ("common", nil): self = .common
    case ("falls-short", nil): self = .fallsShort
    case ("ulp", let text?):
      guard let count = Double(text), count >= 0 else { return nil }
      self = .ulps(count)
    case ("rounded-from", let name?):
      guard let format = Self.wideFormats.first(where: { $0.name == name }) else { return nil }
      self = .roundedFrom(format)
    default: return nil
    }
  }

  public var description: String { rawValue }

  private static func text(_ count: Double) -> String {
    let text = "\(count)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// What the grade says of each output, in words.
  public var statement: String {
    switch self {
    case .correctlyRounded: "the number nearest to the exact value"
    case .faithful: "less than 1 ulp off"
    case .ulps(let count) where count.isInfinite: "finite"
    case .ulps(let count): "at most \(Self.text(count)) ulp off"
    case .roundedFrom(let format): "as near as the common form in \(format), rounded once"
    case .common: "as near as the common form brings it, with a tree of sums"
    case .fallsShort: "further off than the common form brings it"
    }
  }
}

/// That a text names no grade that can be claimed.
public struct GradeError: Error, Hashable, Sendable, CustomStringConvertible {
  let text: String

  init(text: String) { self.text = text }

  init(_ grade: Grade) { text = grade.rawValue }

  public var description: String {
    "\(text.shown) is no grade: it is correctly-rounded, faithful, ulp:N, rounded-from:float32, "
      + "rounded-from:float64 or common"
  }
}
