internal import FloatFormats
internal import LossFunctions
internal import Reference

extension Finding {
  /// The finding in a few lines: what fails and by how much, the case in decimal and in hexadecimal,
  /// and how it was found.
  ///
  /// - Parameters:
  ///   - claim: What was claimed.
  ///   - seed: The seed of the trial.
  ///   - replay: The command that judges the case again.
  public func text(refuting claim: any Claim, seed: UInt64, replay: String) -> String {
    let format = claim.format
    let count = shrunk.logits.count
    var lines = ["\(claim.function) in \(format): \(failure.kind.rawValue)"]
    var outcome = failure.message
    if let ulps = judgement.comparison?.worst.ulps, ulps.isFinite { outcome += ", \(ulps) ulp" }
    lines.append("  outcome  \(outcome); claimed: \(claim.statement)")
    if let note = failure.note { lines.append("           \(note)") }
    let noun = count == 1 ? "logit" : "logits"
    lines += Self.lines(noun, shrunk.logits, format)
    switch shrunk.target {
    case .none: break
    case .index(let label): lines.append("  target   class \(label)")
    case .probabilities(let values): lines += Self.lines("target", values, format)
    }
    if let comparison = judgement.comparison {
      let index = comparison.worst.outputIndex
      lines.append("  computed \(Self.pair(comparison.computed[index], format))")
      lines.append("  exact    \(Self.pair(comparison.exact[index].value, format))")
    }
    var origin = "  found by \(stage), case \(index) of seed \(seed)"
    if original != shrunk {
      let classes = original.logits.count
      origin += classes > count ? "; shrunk from \(classes) classes" : "; shrunk"
    }
    lines.append(origin)
    if !laterStages.isEmpty {
      lines.append("           and by " + laterStages.joined(separator: ", "))
    }
    if !replay.isEmpty { lines.append("  replay   \(replay)") }
    return lines.joined(separator: "\n")
  }

  /// The row as a line of input for `loss-oracle evaluate`.
  public var evaluationLine: String {
    func list(_ values: [FloatValue]) -> String {
      values.map { "\"\($0.hexadecimal)\"" }.joined(separator: ",")
    }
    switch shrunk.target {
    case .probabilities(let values) where shrunk.logits.count == 1 && values.count == 1:
      return "{\"logit\":\(list(shrunk.logits)),\"target\":\(list(values))}"
    case .none where shrunk.logits.count == 1: return "{\"logit\":\(list(shrunk.logits))}"
    case .none: return "{\"logits\":[\(list(shrunk.logits))]}"
    case .index(let label): return "{\"logits\":[\(list(shrunk.logits))],\"target\":\(label)}"
    case .probabilities(let values):
      return "{\"logits\":[\(list(shrunk.logits))],\"target\":[\(list(values))]}"
    }
  }

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
