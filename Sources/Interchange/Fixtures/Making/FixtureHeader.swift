internal import Cases
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// What stands in a file of fixtures before its cases.
struct FixtureHeader {
  let plan: FixturePlan
  let summary: FixtureSummary

  /// What stands after the cases.
  static let end = "\n  ]\n}\n"

  private static let explanation = [
    "Exact values of a loss function, correctly rounded: each expected value is the number of the "
      + "format nearest to the exact value at the inputs, which are exact.",
    "Numbers are hexadecimal floats, read by float.fromhex, strtod and Swift's Double(_:); a decimal "
      + "is the shortest that reads back. A line's input is a line of loss-oracle evaluate.",
  ]

  /// The text up to the first case.
  var text: String {
    var members = [
      ("generator", quoted("loss-oracle")), ("generatorVersion", quoted(PackageVersion.current)),
      ("schema", quoted(FixtureSchema.json)), ("command", quoted(plan.command)),
      ("header", "[\n    " + Self.explanation.map(quoted).joined(separator: ",\n    ") + "\n  ]"),
      ("function", quoted(plan.function.rawValue)), ("format", quoted(plan.format.name)),
      ("rounding", quoted(RoundingDirection.nearestEven.rawValue)), ("seed", "\(plan.seed)"),
    ]
    if plan.input != .logits { members.append(("input", quoted(plan.input.rawValue))) }
    if let options = plan.optionText { members.append(("options", quoted(options))) }
    if !plan.function.isBinary { members.append(("classes", "\(plan.classCount)")) }
    let undecided = plan.undecidedCases
    if !undecided.isEmpty {
      members.append(("undecided", "[" + undecided.map(quoted).joined(separator: ", ") + "]"))
    }
    members += [
      ("numberOfCases", "\(plan.caseCount)"), ("families", families), ("results", results),
      ("notes", notes),
    ]
    return "{\n" + members.map { "  \(quoted($0.0)): \($0.1),\n" }.joined() + "  \"cases\": ["
  }

  private var families: String {
    let lines = plan.parts.filter { $0.caseCount > 0 }.map {
      "{\"name\": \(quoted($0.family.name)), \"cases\": \($0.caseCount)}"
    }
    return "[\n    " + lines.joined(separator: ",\n    ") + "\n  ]"
  }

  private var results: String {
    let counts = ResultClass.allCases.map {
      "\(quoted($0.rawValue)): \(summary.resultCounts[$0] ?? 0)"
    }
    return "{" + counts.joined(separator: ", ") + "}"
  }

  /// Each flag that a case has, with what it says; those of families first.
  private var notes: String {
    var lines = plan.parts.filter { $0.caseCount > 0 }.map { part in
      "\(quoted(part.family.flagName)): "
        + "{\"claim\": \(quoted("Of the family \(part.family.name): \(part.family.purpose)."))}"
    }
    lines += FixtureFlag.allCases.filter(summary.flags.contains).map { flag in
      "\(quoted(flag.rawValue)): "
        + "{\"claim\": \(quoted(flag.claim)), \"breaks\": \(quoted(flag.breaks))}"
    }
    return "{\n    " + lines.joined(separator: ",\n    ") + "\n  }"
  }

  private func quoted(_ text: String) -> String { JSONValue.quoted(text) }
}

extension Family {
  /// The flag of the family's cases: `near-ties` is `NearTies`.
  var flagName: String { Self.flagName(of: name) }

  /// The flag of the cases of a family.
  static func flagName(of family: String) -> String {
    family.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}
