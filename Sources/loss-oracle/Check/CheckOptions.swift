internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

/// What is checked, and in which format.
struct CheckInput: ParsableArguments {
  @Option(
    help: """
      The format of the logits: \(FloatFormat.argumentHelp). (default: float32, or that of the \
      fixtures)
      """)
  var format: FloatFormat?

  @Option(help: "The format of the outputs. (default: that of the logits, or of the outputs' file)")
  var outputFormat: FloatFormat?

  @Option(
    help: """
      What the numbers of a row are: \(InputKind.argumentHelp). (default: logits, or what the options or \
      the fixtures say)
      """)
  var input: InputKind?

  @Option(
    help: """
      Check batches: mean or sum of their losses, or the gradients of it, in questions that have a \
      "reduction". (default: none, each row by itself)
      """)
  var reduction = Reduction.none

  @Option(
    help: """
      What a mean divides by, by this name or by that of a call that does: \(Denominator.list). (default: \
      weights, or what the options or the fixtures say)
      """)
  var denominator: Denominator?

  @Option(
    name: .customLong("options"),
    help: "The options of the function, as a JSON object: '{\"label_smoothing\": 0.1}'.")
  var optionText: String?

  @Option(help: "A file of fixtures, .json or .safetensors, whose outputs were computed elsewhere.")
  var fixtures: String?

  @Option(
    help: """
      With --fixtures the file of these outputs: .safetensors with a tensor "outputs", or with "loss" and "gradient", \
      or .npy. Of a program or a library, loss,gradient: one call gives both, and both are checked.
      """)
  var outputs: String?

  @Option(help: "How many seconds one request may take.")
  var timeout = 5.0

  @Option(help: "How many seconds a program may take to start and to answer a first request.")
  var startTimeout = 60.0

  @Option(
    help: """
      How many seconds the whole check may take, half of them after the first request that fails. \
      (default: no limit, and after that request 20, or four times --timeout)
      """)
  var budget: Double?

  func validate() throws {
    if let budget, !(budget > 0 && budget <= 86400) {
      throw ValidationError("--budget must lie between 0 and 86400 seconds.")
    }
    if fixtures == nil, let outputs, outputs != "loss,gradient" {
      throw ValidationError("--outputs is the file that goes with --fixtures, or loss,gradient.")
    }
    guard timeout > 0, timeout <= 3600, startTimeout > 0, startTimeout <= 3600 else {
      throw ValidationError("--timeout and --start-timeout must lie between 0 and 3600 seconds.")
    }
  }

  /// The options that outputs are judged by: those of the file, or those given where it tells none.
  func options(of fixtures: FixtureRows, _ contract: CheckContract) throws -> LossOptions {
    var (given, known) = (contract.options, fixtures.options)
    given.input = known.input
    given.gradOutput = known.gradOutput
    // Rows by themselves have no mean, and a file may leave open what it divides by.
    known.denominator = reduction == .mean ? known.denominator ?? given.denominator : nil
    given.denominator = given.denominator ?? known.denominator
    guard known.hasNone || optionText == nil || given == known,
      given.denominator == known.denominator
    else {
      throw ValidationError("--options or --denominator differs from the options of the fixtures.")
    }
    return known.hasNone ? given : known
  }

  /// Whether a program or a library is asked for the loss and its gradient in one call.
  var asksForBoth: Bool { fixtures == nil && outputs != nil }

  /// What the implementation has to do: what is given, and else what is replayed.
  func contract(
    _ function: LossFunction?, _ layout: LayoutArguments, replaying regressions: Regressions?,
    _ verdict: CheckVerdict
  ) throws -> CheckContract {
    let replayed = try regressions?.contract(of: function, in: format) {
      [.none, $0.reduction].contains(reduction) && (!asksForBoth || $0.isJoint)
    }
    guard let function = function ?? replayed?.function else {
      throw ValidationError("Give the function, or a file to --replay.")
    }
    let format = format ?? replayed?.format ?? .float32
    if let input { try function.requireInput(input) }
    guard fixtures != nil || layout.classAxis != .zero else {
      throw ValidationError(
        "--class-axis 0 is of files, with --fixtures; programs and libraries are asked with 1.")
    }
    let layout = try layout.layout(for: function, inner: replayed?.layout.inner ?? 3)
    do {
      var contract = try CheckContract(
        function, in: format, outputFormat: outputFormat ?? replayed?.outputFormat,
        parsing: optionText ?? replayed?.optionText ?? "{}",
        claim: verdict.claim ?? replayed?.claim ?? .common,
        subnormals: verdict.subnormals ?? replayed?.subnormals,
        specialValues: verdict.specialValues ?? replayed?.specialValues ?? .apart)
      if let input { contract.options.input = input }
      contract.layout = layout ?? replayed?.layout ?? .classesLast
      contract.reduction = reduction == .none ? replayed?.reduction ?? .none : reduction
      contract.isJoint = asksForBoth || replayed?.isJoint ?? false
      if let denominator { contract.options.denominator = denominator }
      if contract.hasStrayDenominator { throw InputError.denominatorWithoutMean }
      if let problem = contract.gradOutputProblem {
        throw ValidationError("--options: \(problem).")
      }
      return contract
    } catch let error as ValidationError {
      throw error
    } catch {
      throw ValidationError("--options: \(error).")
    }
  }
}

/// Which cases it is checked on.
struct CheckCases: ParsableArguments {
  @Option(
    help: """
      The number of cases of each family; of those of up to 256,000 classes some dozens for each \
      thousand.
      """,
    transform: Count.cases)
  var cases = 1000

  @Flag(help: "Ten times as many cases.")
  var thorough = false

  @Option(
    help: "The number of cases of the search. (default: four times --cases)",
    transform: Count.optionalCases)
  var search: Int?

  @Option(help: "The seed.")
  var seed: UInt64 = 1

  @Option(help: "The number of classes of categorical cases, or the least and the greatest: 2-10.")
  var classes = "1-10"

  @Option(
    name: .customLong("family"),
    help: """
      Only this family (repeatable): \
      \(Families.all.map(\.name).joined(separator: ", ")).
      """)
  var familyNames: [String] = []

  func validate() throws {
    _ = try classCounts
    _ = try selectedFamilies()
  }

  var classCounts: ClosedRange<Int> {
    get throws {
      let bounds = classes.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let least = bounds.first ?? nil, let greatest = bounds.last ?? nil, bounds.count <= 2,
        least <= greatest, Count.classRange.contains(least), Count.classRange.contains(greatest)
      else {
        throw ValidationError(
          "--classes must be a number from 1 to 1048576, or two such as 2-10, not \(classes).")
      }
      return least...greatest
    }
  }

  /// The cases.
  func plan() throws -> TrialPlan {
    try TrialPlan(
      families: selectedFamilies(), caseCount: thorough ? 10 * cases : cases,
      searchCount: search,
      classCounts: classCounts, seed: seed)
  }

  func selectedFamilies() throws -> [Family] {
    guard !familyNames.isEmpty else { return Families.ordinary + Families.special }
    return try familyNames.map { name in
      guard let family = Families.named(name) else {
        throw Suggestion.unknown("family", name, among: Families.all.map(\.name))
      }
      return family
    }
  }

  /// The rows that are known to break implementations.
  static func knownWitnesses(of contract: CheckContract) throws -> [LossInput] {
    try WitnessDatabase.shipped.inputs(of: contract.function, in: contract.format)
  }
}

/// What passes, and what is done with the result.
struct CheckVerdict: ParsableArguments {
  @Option(
    name: .customLong("claim"),
    help: """
      What passes: correctly-rounded, faithful, ulp:N, rounded-from:float32, rounded-from:float64, or \
      common, as near as the form that is in common use. (default: common)
      """)
  var claimedGrade: Grade?

  @Option(
    help: "The same as --claim ulp:N: the largest error that passes; inf for every finite one.")
  var maxUlp: Double?

  @Option(
    help: """
      What becomes of numbers below the normal range: keep, or flush where hardware has them as 0. \
      (default: keep; of common, 0 for what its forms lose to underflow on the way)
      """)
  var subnormals: CheckContract.Subnormals?

  @Option(
    help: """
      What infinite and NaN logits count for: apart (nothing, short of a crash or a hang) or \
      strict. (default: apart)
      """)
  var specialValues: CheckContract.SpecialValues?

  @Option(
    help: """
      A file to keep the shrunk failing cases in, beside those that it holds, which are tried first.
      """, transform: OutputFolder.path)
  var saveWitness: String?

  @Option(
    help: """
      Check only the cases of such a file, or of its text. It says what they are cases of.
      """)
  var replay: String?

  func validate() throws {
    if let maxUlp, !(maxUlp >= 0) { throw ValidationError("--max-ulp must be at least 0.") }
    if maxUlp != nil, claimedGrade != nil {
      throw ValidationError("--max-ulp N is --claim ulp:N: give one of them.")
    }
  }

  /// What passes, where that is said.
  var claim: Grade? { claimedGrade ?? maxUlp.map(Grade.ulps) }
}

extension LossOptions {
  /// Whether nothing is set but what the numbers are.
  fileprivate var hasNone: Bool {
    present.subtracting([.input, .denominator, .gradOutput]).isEmpty
  }
}
