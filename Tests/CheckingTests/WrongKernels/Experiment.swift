import Cases
import Checking
import FloatFormats
import LossFunctions
import PropertyEngine

/// A kernel, wrong or right, that a diagnosis is to name, or not.
struct Experiment: Sendable, CustomStringConvertible {
  /// The name of the mistake; nil of a right form.
  let mistake: String?
  let description: String
  let kernel: SteppedKernel
  let contract: CheckContract

  /// What came of it.
  struct Result: Sendable {
    let experiment: Experiment
    /// The number of rows that were wrong.
    let wrongRowCount: Int
    let names: [String]
    /// What was told, in words.
    let texts: [String]

    /// How it went.
    var outcome: Outcome {
      guard let mistake = experiment.mistake else { return names.isEmpty ? .right : .accused }
      if names.first == mistake { return names.count > 1 ? .amongOthers : .right }
      if names.isEmpty { return wrongRowCount < 4 ? .unnoticed : .unnamed }
      return .misnamed
    }
  }

  /// How an experiment went.
  enum Outcome: String, CaseIterable, Sendable {
    /// The right name and no other; of a right form none.
    case right
    /// The right name first, and others with it.
    case amongOthers = "right, and others"
    /// Too few rows are wrong for anything to be named.
    case unnoticed
    /// Rows are wrong, and no mistake explains them.
    case unnamed
    /// Another name first.
    case misnamed
    /// A mistake named of a right form.
    case accused
  }

  /// Asks for evidence, and has it explained.
  func result(seed: UInt64) async throws -> Result {
    if contract.reduction != .none { return try await reducedResult(seed: seed) }
    let check = Check(kernel, named: description, contract, TrialPlan(families: [], seed: seed))
    let evidence = try await EvidenceCollection(check).evidence()
    let diagnoses = evidence.diagnoses()
    return Result(
      experiment: self, wrongRowCount: evidence.wrongRowCount,
      names: diagnoses.map(\.mistake.name), texts: diagnoses.map(\.text))
  }

  /// The same where sums or means of batches are all that is given.
  private func reducedResult(seed: UInt64) async throws -> Result {
    let plan = TrialPlan(
      families: [.normal, .uniform, .confident, .confidentAndWrong], caseCount: 80, searchCount: 0,
      classCounts: 4...4, seed: seed)
    let check = BatchCheck(contract, plan, named: description) { rows in
      .outputs(try await kernel.reduced(rows, contract))
    }
    let result = try await check.run()
    let evidence = try await check.rowEvidence()
    // What mixes rows is a reduction of its own, and told as one: by what divides it, or that it is the first row's.
    let isOfRows = !["sum-for-none", "wrong-denominator", "first-row-for-all"].contains(mistake)
    let names =
      result.denominator.map { isOfRows ? [$0] : [mistake ?? $0] }
      ?? result.diagnoses.map(\.mistake.name)
    return Result(
      experiment: self, wrongRowCount: result.findings.isEmpty ? 0 : evidence.wrongRowCount,
      names: names, texts: result.diagnosisTexts)
  }

  /// Mistakes in losses of float32 and their gradients, seen through means and sums.
  static func reduced() -> [Experiment] {
    all().filter { experiment in
      experiment.contract.format == .float32 && experiment.contract.outputFormat == .float32
        && experiment.contract.function.isOfLosses
    }.flatMap { experiment in
      [Reduction.mean, .sum].map { reduction in
        var contract = experiment.contract
        contract.reduction = reduction
        return Experiment(
          mistake: experiment.mistake, description: "\(experiment), \(reduction) of batches",
          kernel: experiment.kernel, contract: contract)
      }
    }
  }

  /// What kernels compute in, of and to which format.
  static let formats: [(input: FloatFormat, computing: FloatFormat, output: FloatFormat)] =
    [
      (.float32, .float32, .float32), (.float64, .float64, .float64),
      (.bfloat16, .float32, .bfloat16), (.float16, .float32, .float16),
      (.bfloat16, .float32, .float32),
    ]

  /// Options beside those that a mistake takes.
  private static func furtherOptions(_ function: LossFunction) -> [String] {
    switch function {
    case .crossEntropy, .crossEntropyGradient:
      [
        "", "\"temperature\":3", "\"label_smoothing\":0.1", "\"z_loss\":0.01",
        FlawedKernel.classWeights,
      ]
    case .softmax, .logSoftmax: ["", "\"temperature\":3"]
    case .binaryCrossEntropy, .binaryCrossEntropyGradient:
      ["", "\"temperature\":3", "\"label_smoothing\":0.1", "\"pos_weight\":3"]
    default: [""]
    }
  }

  /// All mistakes in all formats, with each option beside those that they take.
  static func all() -> [Experiment] {
    var experiments: [Experiment] = []
    for format in formats {
      for flaw in FlawedKernel.all {
        for function in flaw.functions {
          experiments += made(function, format, flaw.options, flaw.mistake, "\(flaw)", flaw.kernel)
        }
      }
      for form in RightForm.all {
        for function in LossFunction.allCases
        where function.gradOutputKind == .none && !function.isOfShards
          && !function.isOfDistributions
        {
          experiments += made(function, format, "", nil, "\(form)", form.kernel)
        }
      }
    }
    return experiments
  }

  private static func made(
    _ function: LossFunction,
    _ format: (input: FloatFormat, computing: FloatFormat, output: FloatFormat), _ options: String,
    _ mistake: String?, _ text: String, _ change: (SteppedKernel) -> SteppedKernel
  ) -> [Experiment] {
    furtherOptions(function).compactMap { further in
      let name = further.prefix { $0 != ":" }
      guard further.isEmpty || !options.contains(name) else { return nil }
      // A focal loss goes with no smoothing, and these say nothing of options that are set.
      if options.contains("focal"),
        ["\"label", "\"z_los", "\"pos_w"].contains(String(further.prefix(6)))
      {
        return nil
      }
      let members = [options, further].filter { !$0.isEmpty }
      // In its own format a rounded probability is any probability, and its logarithm has that name.
      if text.hasPrefix("probability-in-16-bits: float16"), format.output == .float16,
        function == .crossEntropy
      {
        return nil
      }
      guard mistake != "smoothing-though-off" || !further.hasPrefix("\"label"),
        mistake != "z-loss-though-off" || !further.hasPrefix("\"z_loss"),
        // Written for plain losses.
        ![
          "only log1p", "logits-as", "another-function", "target-logit", "target-not",
          "sigmoid-for", "through-p",
        ]
        .contains(where: text.contains) || further.isEmpty,
        let contract = try? CheckContract(
          function, in: format.input, outputFormat: format.output,
          parsing: "{" + members.joined(separator: ",") + "}")
      else { return nil }
      let right = SteppedKernel(
        function, computing: format.computing, outputFormat: format.output,
        options: contract.options)
      return Experiment(
        mistake: mistake,
        description: "\(text) in \(function), \(format.input) to \(format.output)"
          + (members.isEmpty ? "" : ", \(members.joined(separator: ","))"),
        kernel: change(right), contract: contract)
    }
  }
}
