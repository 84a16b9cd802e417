import FloatFormats

/// What came of experiments, mistake by mistake, as a table in Markdown.
func confusionTable(_ results: [Experiment.Result]) -> String {
  let outcomes = Experiment.Outcome.allCases
  func line(_ name: String, _ some: [Experiment.Result]) -> String {
    let counts = outcomes.map { outcome in "\(some.count { $0.outcome == outcome })" }
    return "| \(name) | \(some.count) | " + counts.joined(separator: " | ") + " |"
  }
  var lines = ["| mistake | kernels | " + outcomes.map(\.rawValue).joined(separator: " | ") + " |"]
  lines.append("| --- |" + String(repeating: " --- |", count: outcomes.count + 1))
  var seen: Set<String> = []
  for result in results {
    let name = result.experiment.name
    guard seen.insert(name).inserted else { continue }
    lines.append(line(name, results.filter { $0.experiment.name == name }))
  }
  return (lines + [line("all", results)]).joined(separator: "\n")
}

extension Experiment {
  fileprivate var name: String { mistake.map { "`\($0)`" } ?? "right kernels" }
}
