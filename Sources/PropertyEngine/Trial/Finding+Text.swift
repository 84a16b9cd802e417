public import FloatFormats
public import LossFunctions
internal import Reference
internal import SmallFoundation

extension Finding {
  /// The finding in a few lines: what fails and by how much, the rows in decimal and in hexadecimal,
  /// and how it was found.
  ///
  /// - Parameters:
  ///   - function: What was to be computed.
  ///   - input: What the numbers of the rows are.
  ///   - claim: What was claimed, in a line.
  ///   - seed: The seed of the trial; nil where the cases are those of a file.
  ///   - outputFormat: That of the outputs; nil where it is that of the rows.
  ///   - families: The families that met it; by default those that found it.
  ///   - notes: More lines, each with its title: what it looks like, what to do.
  ///   - replay: The command that judges the rows again.
  public func text(
    of function: LossFunction, input: InputKind = .logits, refuting claim: String,
    in outputFormat: FloatFormat? = nil,
    seed: UInt64?, families: [String]? = nil, notes: [(title: String, text: String)] = [],
    replay: String
  ) -> String {
    let format = rows.format
    var lines = ["\(function) in \(format): \(kindText)"]
    var outcome = failure.message
    if let worst = judgement.worst, worst.ulps.isFinite {
      outcome += ", \(worst.ulps.threeDigits) ulp"
      if worst.allowedULPs.isFinite {
        outcome += " where \(worst.allowedULPs.threeDigits) are common"
      }
    }
    lines.append("  outcome  \(outcome); claimed: \(claim)")
    if let note = failure.note { lines.append("           \(note)") }
    if rows.count > 1 {
      lines.append("  rows     row \(row + 1) of \(rows.count) that are asked at once fails:")
    }
    let shown =
      reproduction == .besideOthers ? 0..<min(rows.count, Self.shownRowCount) : row..<row + 1
    for index in shown { lines += Self.lines(rows[index], input, format) }
    if let worst = judgement.worst {
      let outputFormat = outputFormat ?? format
      lines.append("  computed \(Self.pair(worst.computed, outputFormat))")
      lines.append("  exact    \(Self.pair(worst.exact, outputFormat))")
    }
    var origin = "  found by \(stage), case \(index)" + (seed.map { " of seed \($0)" } ?? "")
    if original != shrunk {
      let (before, after) = (original.logits.count, shrunk.logits.count)
      origin += before > after ? "; shrunk from \(before) classes" : "; shrunk"
    }
    lines.append(origin)
    let others = (families ?? laterStages).filter { $0 != stage }
    if !others.isEmpty { lines.append("           and by " + others.joined(separator: ", ")) }
    for note in notes {
      let padding = String(repeating: " ", count: max(9 - note.title.count, 1))
      lines.append("  \(note.title)\(padding)\(note.text)")
    }
    if !replay.isEmpty { lines.append("  replay   \(replay)") }
    return lines.joined(separator: "\n")
  }

  /// What went wrong and, where it is not the row alone, under what conditions.
  public var kindText: String {
    failure.kind.rawValue + (reproduction == .alone ? "" : ", \(reproduction.rawValue)")
  }

  private static func lines(
    _ input: LossInput, _ kind: InputKind, _ format: FloatFormat
  ) -> [String] {
    let ofLogits = input.logits.count == 1 ? "logit" : "logits"
    var lines = lines(kind == .logits ? ofLogits : kind.letters.row, input.logits, format)
    switch input.target {
    case .none: break
    case .index(let label): lines.append("  target   class \(label)")
    case .probabilities(let values), .logits(let values):
      lines += Self.lines("target", values, format)
    }
    // The title fills the column.
    if !input.gradOutput.isEmpty { lines += Self.lines("upstream", input.gradOutput, format) }
    return lines
  }

  private static let shownRowCount = 4
  private static let shownCount = 16

  private static func lines(
    _ title: String, _ values: [FloatValue], _ format: FloatFormat
  ) -> [String] {
    let padding = String(repeating: " ", count: max(9 - title.count, 1))
    let decimals = Runs.texts(values, format.shortestDecimal)
    let rest = decimals.count > shownCount ? ", … \(values.count) in all" : ""
    func text(_ texts: [String]) -> String { texts.prefix(shownCount).joined(separator: ", ") }
    return [
      "  \(title)\(padding)\(text(decimals))\(rest)",
      "           \(text(Runs.texts(values, \.hexadecimal)))",
    ]
  }

  private static func pair(_ value: FloatValue, _ format: FloatFormat) -> String {
    "\(format.shortestDecimal(value))  \(value.hexadecimal)"
  }
}

extension Double {
  /// An error in ulps: three digits.
  package var threeDigits: String {
    guard isFinite else { return "\(self)" }
    guard magnitude >= 1000 else { return printed("%.3g") }
    let text = printed("%.2e")
    guard magnitude < 1e6, let rounded = Double(text) else {
      // 1.68e+07 as 1.68e7.
      return text.replacing("e+0", with: "e").replacing("e+", with: "e")
    }
    return rounded.printed("%.0f")
  }
}
