internal import Checking
internal import LossOracle

extension LinearTrialResult: ReportedCheck {
  var title: String { "\(function) in \(contract.format)" }
  var reduction: Reduction { contract.reduction }
  var reductionText: String? {
    guard reduction != .none else { return nil }
    return reduction.rawValue + (contract.options.denominator.map { " over \($0.rawValue)" } ?? "")
  }
  var claim: Grade { contract.claim }
  var data: LinearReport { LinearReport(self) }
  var diagnosisTexts: [String] { diagnoses.map(\.text) }

  var contractFacts: [(name: String, value: String)] {
    var facts: [(name: String, value: String)] = [
      ("function", function), ("format", contract.format.name),
    ]
    if contract.outputFormat != contract.format {
      facts.append(("output format", contract.outputFormat.name))
    }
    if let reductionText { facts.append(("reduction", reductionText)) }
    if !contract.options.present.isEmpty { facts.append(("options", contract.options.text)) }
    return facts + [("claim", contract.claim.rawValue)]
  }

  /// What was computed: of several quantities each row of the table tells its own.
  private var function: String {
    let names = Set(stages.map { $0.quantity.functionName })
    return names.count == 1 ? names.first ?? linearCrossEntropyName : linearCrossEntropyName
  }

  var gradeFacts: [(name: String, value: String)] {
    let facts = lapses.sorted { $0.key < $1.key }.map { text, count in
      (
        name: "once",
        value: "\(text) (\(count) ×); a new process that was asked the same did not repeat it"
      )
    }
    return facts + (grade.map { [("grade", "\($0): \($0.statement)")] } ?? [])
  }

  var leftOutTexts: [String] {
    let undecided = stages.reduce(0) { $0 + $1.undecidedCount }
    return (undecided > 0 ? ["\(undecided) outputs, undecided"] : [])
      + leftOut.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value) ×)" } + notes
  }

  var rows: [ReportRow] {
    stages.map { stage in
      ReportRow(
        implementation: subjectName, function: stage.quantity.functionName,
        format: contract.format, family: stage.family, caseCount: stage.layerCount,
        caseName: "layers", statistics: stage.statistics, grades: stage.grades,
        failureCount: stage.failures.values.reduce(0, +),
        failure: ReportRow.failure(stage.failures),
        specialValues: stage.statistics.outputCount == 0 ? "undecided" : nil,
        witness: stage.message ?? stage.worst.flatMap { $0.check.worstText($0.shape) })
    }
  }

  func findingTexts(replay: (LinearFinding) -> String) -> [String] {
    findings.map { $0.lines(contract, replay: replay($0)).joined(separator: "\n") }
  }

  /// Why it is not complete, or was asked nothing.
  var shortfall: String {
    if let open = stages.first(where: { $0.statistics.outputCount == 0 && $0.undecidedCount > 0 }) {
      return
        "of \(open.quantity.rawValue) nothing was compared, as no theorem settles its exact values"
    }
    return leftOut.keys.min() ?? "it was asked nothing"
  }
}

extension LinearQuantity {
  /// What computes it, as reports call it.
  fileprivate var functionName: String {
    self == .loss ? linearCrossEntropyName : "\(linearCrossEntropyName) \(rawValue)"
  }
}

extension LinearCheck {
  /// The output that is furthest off, in a line; nil where all are the nearest.
  fileprivate func worstText(_ shape: [Int]) -> String? {
    guard let worst, statistics.misroundedCount > 0 else { return nil }
    return "\(shape.place(worst.place).shown): \(format.shortestDecimal(worst.computed)), "
      + "exact \(format.shortestDecimal(worst.exact))"
  }
}

extension LinearFinding {
  /// What was found, in a few lines; a small layer in whole.
  func lines(_ contract: LinearContract, replay: String) -> [String] {
    let shape =
      "\(input.rowCount) \(input.rowCount == 1 ? "row" : "rows"), \(input.classCount) classes, d = \(input.width)"
    let place = reproduction == .alone ? "shrunk to" : "at"
    var lines = [
      "✗ \(quantity.rawValue): \(failure.kind.rawValue), found by \(family); \(place) \(shape)"
    ]
    if let doubt { lines.append("  \(doubt)") }
    if check == nil { lines.append("  \(failure.message)") }
    if let note = failure.note { lines.append("  \(note)") }
    if let check {
      lines += check.text(
        check.format, shape: quantity.shape(input, contract.reduction)
      ).split(separator: "\n").map { "  \($0)" }
    }
    if input.hidden.count + input.weight.count <= 32 {
      lines.append("  hidden   \(Self.shown(input.hidden, width: input.width))")
      lines.append("  weight   \(Self.shown(input.weight, width: input.width))")
      if let bias = input.bias { lines.append("  bias     \(bias)") }
      lines.append("  targets  \(input.labels)")
      if let gradOutput = input.gradOutput { lines.append("  grad_output \(gradOutput)") }
    }
    return lines + (replay.isEmpty ? [] : ["  replay   \(replay)"])
  }

  private static func shown(_ numbers: [Float], width: Int) -> String {
    let rows = stride(from: 0, to: numbers.count, by: width).map {
      "\(Array(numbers[$0..<$0 + width]))"
    }
    return "[" + rows.joined(separator: ", ") + "]"
  }
}
