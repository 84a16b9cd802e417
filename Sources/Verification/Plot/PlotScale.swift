internal import SmallFoundation

/// How the numbers along an axis lie between its ends, 0 and 1, and where its ticks stand.
struct PlotScale {
  enum Kind {
    case linear
    case logarithmic
    /// Logarithmic from `least` on; 0, and what is less, stand at the foot.
    case logarithmicAboveZero(least: Double)
  }

  private let kind: Kind
  /// The ends, or their decimal logarithms.
  private let low: Double
  private let high: Double
  let ticks: [(value: Double, label: String)]

  /// The part of the axis between 0 and the least number that is told from it.
  private static let foot = 0.06

  /// A scale on which all of the numbers stand.
  ///
  /// - Parameter isTight: Whether a linear one ends at the outermost numbers rather than at ticks.
  init(_ kind: Kind, holding values: [Double], tickCount: Int, isTight: Bool = false) {
    self.kind = kind
    let least = values.min() ?? 0
    let greatest = values.max() ?? 1
    switch kind {
    case .linear:
      let step = Self.step(
        for: greatest > least ? greatest - least : max(abs(least), 1), count: tickCount)
      let isTight = isTight && greatest > least
      let first = (least / step).rounded(isTight ? .up : .down)
      let last =
        isTight
        ? (greatest / step).rounded(.down) : max((greatest / step).rounded(.up), first + 1)
      low = isTight ? least : first * step
      high = isTight ? greatest : last * step
      ticks = stride(from: first, through: last, by: 1).map {
        ($0 * step, Self.decimal($0 * step, step: step))
      }
    case .logarithmic, .logarithmicAboveZero:
      let smallest =
        if case .logarithmicAboveZero(let smallest) = kind { smallest } else { least }
      low = log10(max(smallest, .leastNonzeroMagnitude)).rounded(.down)
      high = max(log10(max(greatest, .leastNonzeroMagnitude)).rounded(.up), low + 1)
      let step = max(1, Int(((high - low) / Double(tickCount)).rounded(.up)))
      let powers = stride(from: Int(low), through: Int(high), by: step)
      let zero: [(Double, String)] =
        if case .logarithmicAboveZero = kind, least <= 0 { [(0, "0")] } else { [] }
      ticks = zero + powers.map { (pow(10, Double($0)), Self.powerOfTen($0)) }
    }
  }

  /// Where a number lies.
  func place(of value: Double) -> Double {
    switch kind {
    case .linear: return (value - low) / (high - low)
    case .logarithmic: return (log10(value) - low) / (high - low)
    case .logarithmicAboveZero:
      let start = ticks.first?.value == 0 ? Self.foot : 0
      guard value > 0 else { return 0 }
      let part = (log10(value) - low) / (high - low)
      return max(0, start + (1 - start) * part)
    }
  }

  /// 1, 2 or 5 times a power of ten.
  private static func step(for length: Double, count: Int) -> Double {
    let rough = length / Double(count)
    let power = pow(10, log10(rough).rounded(.down))
    return ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10) * power
  }

  private static func decimal(_ value: Double, step: Double) -> String {
    let digits = max(0, Int(-log10(step).rounded(.down)))
    guard digits <= 4, abs(value) < 1e6 else { return "\(Float(value))" }
    let scale = pow(10, Double(digits))
    let scaled = (abs(value) * scale).rounded()
    let text = "\(Int(scaled))"
    let sign = value < 0 && scaled > 0 ? "−" : ""
    guard digits > 0 else { return sign + text }
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    return sign + padded.dropLast(digits) + "." + padded.suffix(digits)
  }

  /// 10⁻⁵.
  private static func powerOfTen(_ exponent: Int) -> String {
    guard abs(exponent) > 3 else {
      return pow(10, Double(exponent)).printed("%g")
    }
    let superscripts: [Character: Character] = [
      "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷",
      "8": "⁸", "9": "⁹",
    ]
    return "10" + String("\(exponent)".map { superscripts[$0] ?? $0 })
  }
}
