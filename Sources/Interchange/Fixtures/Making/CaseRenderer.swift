internal import Cases
internal import FloatFormats
internal import LossFunctions

/// Writes a case as one line of JSON.
struct CaseRenderer {
  let plan: FixturePlan

  func text(_ fixture: FixtureCase) -> String {
    let flags = [Family.flagName(of: fixture.familyName)] + fixture.flags.map(\.rawValue)
    let members = [
      ("id", JSONValue.quoted("\(fixture.familyName)-\(fixture.index)")),
      ("family", JSONValue.quoted(fixture.familyName)),
      ("flags", list(flags)),
      ("comment", JSONValue.quoted(fixture.comment)),
      ("input", input(fixture.input, \.hexadecimal)),
      ("inputDecimal", input(fixture.input, plan.format.shortestDecimal)),
      ("expected", expected(fixture.expected)),
    ]
    return object(members)
  }

  /// The fields of a line of `evaluate`.
  private func input(_ input: LossInput, _ text: (FloatValue) -> String) -> String {
    let isBinary = plan.function.isBinary
    func numbers(_ values: [FloatValue]) -> String {
      isBinary ? JSONValue.quoted(values.map(text).joined()) : list(values.map(text))
    }
    var members = [(plan.input.fieldName(isBinary: isBinary), numbers(input.logits))]
    switch input.target {
    case .none: break
    case .index(let label): members.append(("target", "\(label)"))
    case .probabilities(let values): members.append(("target", numbers(values)))
    case .logits(let values): members.append(("target_logits", numbers(values)))
    }
    switch plan.function.gradOutputKind(plan.options) {
    case .none: break
    case .row:
      members.append(("grad_output", JSONValue.quoted(input.gradOutput.map(text).joined())))
    case .classes, .partials:
      let field = plan.function.gradOutputKind.fieldName
      members.append((field, list(input.gradOutput.map(text))))
    }
    return object(members)
  }

  /// The fields of an answer of `evaluate`, and the classes of the values.
  private func expected(_ values: [FloatValue]) -> String {
    let isList = plan.function.hasOutputList
    func texts(_ text: (FloatValue) -> String) -> String {
      let texts = values.map(text)
      return isList ? list(texts) : JSONValue.quoted(texts.joined())
    }
    let suffix = isList ? "s" : ""
    return object([
      ("value" + suffix, texts(\.hexadecimal)),
      ("decimal" + suffix, texts(plan.format.shortestDecimal)),
      ("result" + suffix, texts { ResultClass($0, in: plan.format).rawValue }),
    ])
  }

  private func list(_ texts: [String]) -> String {
    "[" + texts.map(JSONValue.quoted).joined(separator: ", ") + "]"
  }

  private func object(_ members: [(String, String)]) -> String {
    "{" + members.map { "\(JSONValue.quoted($0.0)): \($0.1)" }.joined(separator: ", ") + "}"
  }
}
