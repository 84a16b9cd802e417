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
    let input = contract.options.input
    let rows = (0..<Self.errorPointCount).map { index in
      // Off the even points, whose numbers have few digits.
      let share = (Double(index) + 0.37) / Double(Self.errorPointCount)
      let numbers = input.numbers(at: share, in: format).map {
        format.rounded(FloatValue($0), .nearestEven)
      }
      return LossInput(
        logits: function.isBinary ? [numbers[0]] : numbers,
        target: function.comparesLogits
          ? .logits([.zero, .zero])
          : !function.hasTarget ? .none : function.isBinary ? .probabilities([.one]) : .index(0),
        // Of the first class alone: of ones a softmax has no gradient.
        gradOutput: (0..<function.gradOutputCount(
          classCount: function.isBinary ? 1 : 2, contract.options)).map {
            $0 == 0 ? .one : .zero
          })
    }
    let noun = input.noun
    let binaryLabel = function.hasTarget ? "\(noun) (target 1)" : noun
    self.init(
      name: "errors", title: "\(function) in \(format): error against the \(noun)",
      xTitle: function.isBinary
        ? binaryLabel
        : "\(noun) of the first of two classes\(input == .logits ? ", x₂ = 0" : "")",
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
}

extension InputKind {
  /// What one number of a row is called.
  fileprivate var noun: String {
    switch self {
    case .logits: "logit"
    case .probabilities: "probability"
    case .logProbabilities: "log-probability"
    }
  }

  /// The numbers of two classes at a share of the way through all that there are.
  fileprivate func numbers(at share: Double, in format: FloatFormat) -> [Double] {
    // Beyond where e^x overflows, and e^−x is nothing beside 1.
    let reach = 1.3 * log(min(format.greatestFinite.double, .greatestFiniteMagnitude))
    switch self {
    case .logits: return [reach * (2 * share - 1), 0]
    case .probabilities: return [share, 1 - share]
    case .logProbabilities: return [-reach * share, log1p(-exp(-reach * share))]
    }
  }
}
