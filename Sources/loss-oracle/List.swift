internal import ArgumentParser
internal import LossOracle

/// `loss-oracle list`: what is in the catalogues.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the functions, formats, families and implementations that are built in.")

  @Option(
    name: .customLong("function"),
    help: """
      Only this function (repeatable): \((LossFunction.allCases.map(\.rawValue) + [linearCrossEntropyName])
        .joined(separator: ", ")).
      """)
  var functions: [ListedFunction] = []

  @Flag(help: "As JSON.")
  var json = false

  @Flag(help: "No colour, as with NO_COLOR set.")
  var noColor = false

  func run() throws {
    let rows = functions.compactMap(\.ofRows)
    let catalogue = try BuiltIn(functions.isEmpty ? nil : Set(rows))
    if json {
      try StandardStream.output.write(ReportFormat.jsonText(catalogue))
    } else {
      let style = Style(usesColor: Terminal.usesColor(disabled: noColor))
      let lines = catalogue.lines(
        style, isWhole: functions.isEmpty, withLinear: functions.contains { $0.ofRows == nil })
      try StandardStream.output.write(lines.joined(separator: "\n") + "\n")
    }
  }
}

/// A function that the list has: of rows, or the linear layer fused with its loss.
struct ListedFunction: ExpressibleByArgument {
  /// nil for the linear layer.
  let ofRows: LossFunction?

  init?(argument: String) {
    ofRows = LossFunction(rawValue: argument)
    if ofRows == nil, argument != linearCrossEntropyName { return nil }
  }
}

/// What is built in, as people and programs read it.
private struct BuiltIn: Encodable {
  struct Function: Encodable {
    let name: String
    let formula: String
    /// The formula for each other kind of input, by its name.
    let inputs: [String: String]?
    let options: [String]
    /// What the options apply to, where there is more to say.
    let remark: String?
    let implementations: [Form]
  }

  struct Form: Encodable {
    let name: String
    let formula: String
    let source: String
    let frameworks: [String]
  }

  struct Format: Encodable {
    let name: String
    /// Whether implementations compute in it; else values are only rounded to it.
    let hasArithmetic: Bool
  }

  struct Case: Encodable {
    let name: String
    let purpose: String
  }

  let version = PackageVersion.current
  let functions: [Function]
  let formats: [Format]
  let families: [Case]
  /// What is read and written as files of tensors, with its options and the families of its layers.
  let linear = Linear()

  struct Linear: Encodable {
    let name = linearCrossEntropyName
    let formula = "−log softmax(hidden · weightᵀ + bias)ₜ, and its gradient by each"
    let options = LossOptions.ofLinearCrossEntropy.map(\.rawValue).sorted()
    let families = LinearFamily.all.map { Case(name: $0.name, purpose: $0.purpose) }
  }

  /// The functions of the set, or all.
  init(_ chosen: Set<LossFunction>?) throws {
    functions = LossFunction.allCases.filter { chosen?.contains($0) ?? true }.map { function in
      Function(
        name: function.rawValue, formula: function.formula, inputs: function.otherFormulas,
        options: function.options.map(\.rawValue).sorted(), remark: function.optionRemark,
        implementations: Implementations.all.filter { $0.function == function }.map {
          Form(
            name: $0.name, formula: $0.formula, source: $0.source, frameworks: $0.frameworks)
        })
    }
    formats = FloatFormat.catalogue.map {
      Format(name: $0.name, hasArithmetic: $0.scalarType != nil)
    }
    let recorded = try [WitnessDatabase.shipped.family()] + TrainedLogits.shipped().map(\.family)
    families = (Families.all + recorded).map { Case(name: $0.name, purpose: $0.purpose) }
  }

  func lines(_ style: Style, isWhole: Bool, withLinear: Bool) -> [String] {
    var lines: [String] = []
    if isWhole {
      lines.append(style.heading("formats"))
      lines += formats.map {
        "  \($0.name)" + ($0.hasArithmetic ? "" : style.faint("  for rounding only"))
      }
      lines += ["", style.heading("families")]
      let width = families.map(\.name.count).max() ?? 0
      lines += families.map {
        "  " + $0.name.padded(to: width) + "  " + style.faint($0.purpose)
      }
      lines.append("")
    }
    for function in functions {
      lines.append(style.heading(function.name) + "  \(function.formula)")
      lines += (function.inputs ?? [:]).sorted { $0.key > $1.key }.map {
        style.faint("  --input \($0.key):  ") + $0.value
      }
      if !function.options.isEmpty {
        lines.append(style.faint("  options: \(function.options.joined(separator: ", "))"))
      }
      if let remark = function.remark { lines.append(style.faint("  \(remark)")) }
      for form in function.implementations {
        lines += ["  \(form.name)", "    \(form.formula)"]
        lines.append(style.faint("    source: \(form.source)"))
        if !form.frameworks.isEmpty {
          let frameworks = form.frameworks.joined(separator: ", ")
          lines.append(style.faint("    computed so by: \(frameworks)"))
        }
      }
    }
    return isWhole || withLinear ? lines + linear.lines(style) : lines
  }
}

extension BuiltIn.Linear {
  func lines(_ style: Style) -> [String] {
    let width = families.map(\.name.count).max() ?? 0
    return [
      style.heading(name) + "  \(formula)",
      style.faint("  options: \(options.joined(separator: ", "))"),
      style.faint("  files of tensors: generate, evaluate and check \(name) --help"),
    ]
      + families.map { "  " + $0.name.padded(to: width) + "  " + style.faint($0.purpose) }
  }
}

extension LossFunction {
  /// The formulas for rows of what are no logits; nil where there are none.
  fileprivate var otherFormulas: [String: String]? {
    let others = inputs.filter { $0 != .logits }.map { ($0.rawValue, formula(of: $0) ?? formula) }
    return others.isEmpty ? nil : Dictionary(uniqueKeysWithValues: others)
  }
}
