internal import FloatFormats
public import LossFunctions
internal import Reference

extension Finding {
  /// The finding in a few lines: what fails and by how much, the rows in decimal and in hexadecimal,
  /// and how it was found.
  ///
  /// - Parameters:
  ///   - function: What was to be computed.
  ///   - claim: What was claimed, in a line.
  ///   - seed: The seed of the trial.
  ///   - replay: The command that judges the rows again.
  public func text(
    of function: LossFunction, refuting claim: String, seed: UInt64, replay: String
  ) -> String {
    let format = rows.format
    var lines = ["\(function) in \(format): \(kindText)"]
    var outcome = failure.message
    if let ulps = judgement.worst?.ulps, ulps.isFinite { outcome += ", \(ulps) ulp" }
    lines.append("  outcome  \(outcome); claimed: \(claim)")
    if let note = failure.note { lines.append("           \(note)") }
    if rows.count > 1 {
      lines.append("  rows     row \(row + 1) of \(rows.count) that are asked at once fails:")
    }
    let shown =
      reproduction == .besideOthers ? 0..<min(rows.count, Self.shownRowCount) : row..<row + 1
    for index in shown { lines += Self.lines(rows[index], format) }
    if let worst = judgement.worst {
      lines.append("  computed \(Self.pair(worst.computed, format))")
      lines.append("  exact    \(Self.pair(worst.exact, format))")
    }
    var origin = "  found by \(stage), case \(index) of seed \(seed)"
    if original != shrunk {
      let (before, after) = (original.logits.count, shrunk.logits.count)
      origin += before > after ? "; shrunk from \(before) classes" : "; shrunk"
    }
    lines.append(origin)
    if !laterStages.isEmpty {
      lines.append("           and by " + laterStages.joined(separator: ", "))
    }
    if !replay.isEmpty { lines.append("  replay   \(replay)") }
    return lines.joined(separator: "\n")
  }

  /// What went wrong and, where it is not the row alone, under what conditions.
  public var kindText: String {
    failure.kind.rawValue + (reproduction == .alone ? "" : ", \(reproduction.rawValue)")
  }

  private static func lines(_ input: LossInput, _ format: FloatFormat) -> [String] {
    var lines = lines(input.logits.count == 1 ? "logit" : "logits", input.logits, format)
    switch input.target {
    case .none: break
    case .index(let label): lines.append("  target   class \(label)")
    case .probabilities(let values): lines += Self.lines("target", values, format)
    }
    return lines
  }

  private static let shownRowCount = 4
  private static let shownCount = 16

  private static func lines(
    _ title: String, _ values: [FloatValue], _ format: FloatFormat
  ) -> [String] {
    let shown = values.prefix(shownCount)
    let rest = values.count > shownCount ? ", … \(values.count) in all" : ""
    let padding = String(repeating: " ", count: max(9 - title.count, 1))
    return [
      "  \(title)\(padding)" + shown.map(format.shortestDecimal).joined(separator: ", ") + rest,
      "           " + shown.map(\.hexadecimal).joined(separator: ", "),
    ]
  }

  private static func pair(_ value: FloatValue, _ format: FloatFormat) -> String {
    "\(format.shortestDecimal(value))  \(value.hexadecimal)"
  }
}
