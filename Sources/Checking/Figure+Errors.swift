internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import Multiprecision
internal import PropertyEngine
internal import Reference
internal import SmallFoundation
public import Verification

extension Figure {
  private static let errorPointCount = 401

  /// The curves of a check: the subject, the naive form and the one from logits, along one logit; of
  /// the functions of a row, along that of the first of two classes, the other being 0.
  ///
  /// - Throws: What the subject throws.
  public init(errorsOf check: Check) async throws {
    let contract = check.contract
    let (function, format) = (contract.function, contract.format)
    let reach = Self.reach(of: format)
    let rows = (0..<Self.errorPointCount).map { index in
      // Off the even points, whose numbers have few digits.
      let z = reach * (2 * (Double(index) + 0.37) / Double(Self.errorPointCount) - 1)
      let logit = format.rounded(FloatValue(z), .nearestEven)
      return LossInput(
        logits: function.isBinary ? [logit] : [logit, .zero],
        target: !function.hasTarget
          ? .none : function.isBinary ? .probabilities([.one]) : .index(0))
    }
    let binaryLabel = function.hasTarget ? "logit (target 1)" : "logit"
    self.init(
      name: "errors", title: "\(function) in \(format): error against the logit",
      xTitle: function.isBinary ? binaryLabel : "logit of the first of two classes, x₂ = 0",
      yTitle: "error in ulps", curves: [], leastY: 0.01,
      guide: Guide(y: 0.5, name: "0.5 ulp: correctly rounded"))
    let answers = rows.map { row in
      try? Reference().evaluate(
        function, row, options: contract.options, in: contract.outputFormat)
    }
    guard answers.contains(where: { $0 != nil }) else { return }
    func append(_ name: String, _ outputs: [[FloatValue]?]) {
      let errors = zip(answers, outputs).map { exact, outputs -> Double? in
        guard let outputs, let exact, outputs.count == exact.count else { return nil }
        let worst = zip(outputs, exact).map { $1.error(of: $0).ulps }.max() ?? 0
        return worst.isFinite ? worst : nil
      }
      let worst =
        errors.firstIndex { $0 == nil }
        ?? errors.indices.max { (errors[$0] ?? 0) < (errors[$1] ?? 0) }
      curves.append(
        Curve(name: name, x: rows.map { $0.logits[0].double }, y: errors, mark: worst))
    }
    for (label, names) in [
      ("naive", ["naive", "unshifted", "log-of-softmax", "naive-chain"]),
      ("from logits", ["logits", "two-case", "stable", "shifted", "fused"]),
    ] {
      let builtIn = names.lazy.compactMap { name in
        Implementations.all.first { $0.name == name && $0.function == function }
      }.first
      guard let builtIn, contract.options == LossOptions(), format == contract.outputFormat
      else {
        continue
      }
      let outputs = rows.map { builtIn.evaluate($0, in: format) }
      if outputs.contains(where: { $0 != nil }) {
        append("\(label) (\(builtIn.name))", outputs)
      }
    }
    let responses = try await check.subject.responses(to: rows, in: format)
    append(
      "checked",
      responses.map { response in
        if case .outputs(let values) = response { values } else { nil }
      })
  }

  /// Beyond where e^x overflows, and e^−x is nothing beside 1.
  private static func reach(of format: FloatFormat) -> Double {
    1.3 * log(min(format.greatestFinite.double, .greatestFiniteMagnitude))
  }
}
