internal import Checking
internal import LossOracle

/// Asks about layers of all families, shrinks what fails and names the mistake.
///
/// What fails is a finding once a process that has been started for it has failed there, too. An end or a late answer
/// that is not repeated is a lapse: the machine may have been short of memory or of time.
struct LinearTrial: Sendable {
  private let subject: any LinearSubject
  private let contract: LinearContract
  private let plan: LinearPlan
  private let name: String

  /// Questions about a layer that its shrinking may take, and those of one that ends the program or lets it hang.
  private static let greatestShrinkCount = 80
  private static let greatestCostlyShrinkCount = 12
  /// The layers before the smallest one that are kept, should that not fail again.
  private static let keptCount = 4
  /// The wrong layers of each quantity that a mistake has to explain, and the right ones beside.
  private static let greatestEvidenceCount = 10
  /// How often something may go wrong that is not repeated.
  private static let toleratedLapseCount = 2

  init(
    _ subject: any LinearSubject, named name: String, _ contract: LinearContract,
    _ plan: LinearPlan
  ) {
    self.subject = subject
    self.name = name
    self.contract = contract
    self.plan = plan
  }

  /// What an answer comes to.
  private enum Judgement {
    case interrupted
    case unsupported(String)
    case right(LinearCheck, LinearEvidence)
    /// Also what was computed, where that is what is wrong.
    case wrong(Failure, (check: LinearCheck, evidence: LinearEvidence)?)
  }

  /// What is known so far.
  private struct Record {
    var result: LinearTrialResult
    var evidence: [LinearEvidence] = []
    /// The first end that was not repeated, of those that nothing outside the program brings about.
    var lapse: (finding: LinearFinding, count: Int)?

    mutating func note(_ failure: Failure, _ finding: LinearFinding?) {
      result.lapses[failure.message, default: 0] += 1
      guard let finding, !failure.mayComeFromOutside else { return }
      lapse = (lapse?.finding ?? finding, (lapse?.count ?? 0) + 1)
    }
  }

  /// - Throws: Where options or formats are none of the fused loss.
  func run(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> LinearTrialResult {
    // What is replayed has been drawn before.
    var record = Record(
      result: LinearTrialResult(
        contract, subjectName: name, seed: plan.families.isEmpty ? nil : plan.seed))
    let total = plan.known.count + plan.families.count * plan.caseCount
    try await judge(plan.known, of: "known", contract, &record) { progress($0, total) }
    for (position, family) in plan.families.enumerated() {
      let contract = contract.taking(family.options)
      let inputs = try (0..<plan.caseCount).map { try plan.input(family, $0, for: contract) }
      try await judge(inputs, of: family.name, contract, &record) {
        progress(plan.known.count + position * plan.caseCount + $0, total)
      }
    }
    settle(&record)
    record.result.diagnoses = record.result.findings.flatMap { finding in
      LinearDiagnosis.diagnoses(of: record.evidence.filter { $0.quantity == finding.quantity })
    }
    return record.result
  }

  private func judge(
    _ inputs: [LinearInput], of family: String, _ contract: LinearContract,
    _ record: inout Record, progress: (_ done: Int) -> Void
  ) async throws {
    var stages = plan.quantities.map { LinearTrialResult.Stage(family: family, quantity: $0) }
    for (index, input) in inputs.enumerated() {
      progress(index)
      for (place, quantity) in plan.quantities.enumerated() {
        if quantity == .biasGradient, input.bias == nil { continue }
        guard !Task.isCancelled else {
          record.result.isComplete = false
          break
        }
        try await judge(quantity, of: input, contract, &stages[place], &record)
      }
    }
    record.result.stages += stages.filter { $0.layerCount > 0 }
  }

  private func judge(
    _ quantity: LinearQuantity, of input: LinearInput, _ contract: LinearContract,
    _ stage: inout LinearTrialResult.Stage, _ record: inout Record
  ) async throws {
    var judgement = try judgement(
      await subject.answer(quantity, of: input, contract), quantity, input, contract)
    if case .wrong(let failure, let computed) = judgement,
      !record.result.findings.contains(where: { $0.quantity == quantity })
    {
      let again = try self.judgement(
        await subject.answerAnew(quantity, of: input, contract), quantity, input, contract)
      var finding = LinearFinding(
        family: stage.family, quantity: quantity, input: input, check: computed?.check,
        failure: failure, reproduction: .alone, options: contract.options)
      switch again {
      case .wrong(let other, let computed) where other.isLike(failure):
        finding = try await shrink(finding.with(computed?.check, other, .alone), contract)
        record.result.findings.append(finding)
      case .wrong: record.result.findings.append(finding.with(.notDeterministic))
      case .right where failure.isPerhapsTheMachines:
        record.note(failure, finding.with(.notReproducible))
        judgement = again
      case .right: record.result.findings.append(finding.with(.notDeterministic))
      case .unsupported, .interrupted:
        if failure.isPerhapsTheMachines {
          record.note(failure, nil)
          record.result.isComplete = false
          return
        }
        record.result.findings.append(finding.with(.unconfirmed))
      }
    }
    switch judgement {
    case .interrupted: record.result.isComplete = false
    case .unsupported(let reason):
      record.result.leftOut["\(quantity.rawValue): \(reason)", default: 0] += 1
    case .right(let check, let evidence), .wrong(_, (let check, let evidence)?):
      stage.observe(check, quantity.shape(input, contract.reduction))
      let kept = record.evidence.count {
        $0.quantity == quantity && $0.fallsShort == evidence.fallsShort
      }
      if kept < Self.greatestEvidenceCount { record.evidence.append(evidence) }
    case .wrong(let failure, nil): stage.observe(failure)
    }
  }

  private func judgement(
    _ answer: LinearAnswer, _ quantity: LinearQuantity, _ input: LinearInput,
    _ contract: LinearContract
  ) throws -> Judgement {
    switch answer {
    case .interrupted: return .interrupted
    case .unsupported(let reason): return .unsupported(reason)
    case .failed(let failure): return .wrong(failure, nil)
    case .outputs(let computed):
      let exact = try contract.exact(quantity, of: input)
      let check = contract.check(computed, quantity, of: input, against: exact)
      let failure = check.failure(quantity.shape(input, contract.reduction))
      let evidence = LinearEvidence(
        quantity, of: input, computed, against: exact, contract, fallsShort: failure != nil)
      return failure.map { .wrong($0, (check, evidence)) } ?? .right(check, evidence)
    }
  }

  /// Lets what was not repeated decide nothing, unless it is seen more often than chance has it.
  private func settle(_ record: inout Record) {
    guard record.result.findings.isEmpty else { return }
    if let (finding, count) = record.lapse, count > Self.toleratedLapseCount {
      let note = "seen \(count) times, each time of a layer that a new process answered"
      record.result.findings.append(
        finding.with(
          nil, Failure(finding.failure.kind, finding.failure.message, note: note),
          .notDeterministic))
    } else if record.result.lapses.values.reduce(0, +) > Self.toleratedLapseCount {
      record.result.isComplete = false
    }
  }

  // MARK: - Shrinking

  /// A smaller layer that fails, too: fewer rows, classes and features as long as that goes. A new process has to
  /// fail there; else it is the layer before it, of which that is asked, too.
  private func shrink(
    _ found: LinearFinding, _ contract: LinearContract
  ) async throws -> LinearFinding {
    var (finding, earlier) = (found, [LinearFinding]())
    var left =
      found.failure.kind.isCostly ? Self.greatestCostlyShrinkCount : Self.greatestShrinkCount
    var isSmaller = true
    while isSmaller {
      isSmaller = false
      for candidate in finding.input.smaller(keepsClasses: contract.options.classCount != nil) {
        guard left > 0, !Task.isCancelled else { break }
        left -= 1
        let answer = await subject.answer(found.quantity, of: candidate, contract)
        guard let smaller = try failing(answer, candidate, like: found, contract) else { continue }
        earlier = earlier.suffix(Self.keptCount) + [finding]
        finding = smaller
        isSmaller = true
        break
      }
    }
    while !earlier.isEmpty, !Task.isCancelled {
      let answer = await subject.answerAnew(found.quantity, of: finding.input, contract)
      if let again = try failing(answer, finding.input, like: found, contract) { return again }
      finding = earlier.removeLast()
    }
    return earlier.isEmpty ? finding : found
  }

  /// The finding at another layer; nil where it is none of the kind.
  private func failing(
    _ answer: LinearAnswer, _ input: LinearInput, like found: LinearFinding,
    _ contract: LinearContract
  ) throws -> LinearFinding? {
    guard
      case .wrong(let failure, let computed) = try judgement(
        answer, found.quantity, input, contract), failure.isLike(found.failure)
    else { return nil }
    return LinearFinding(
      family: found.family, quantity: found.quantity, input: input, check: computed?.check,
      failure: failure, reproduction: .alone, options: found.options)
  }
}

extension Failure {
  /// Whether a machine that is short of memory or of time may have brought it about.
  fileprivate var isPerhapsTheMachines: Bool { [.crash, .hang].contains(kind) }

  /// Whether it is of the same kind, of errors whichever they are.
  fileprivate func isLike(_ other: Failure) -> Bool {
    kind == other.kind || (Kind.errors.contains(kind) && Kind.errors.contains(other.kind))
  }
}

extension LinearFinding {
  fileprivate func with(_ reproduction: Reproduction) -> LinearFinding {
    with(check, failure, reproduction)
  }

  fileprivate func with(
    _ check: LinearCheck?, _ failure: Failure, _ reproduction: Reproduction
  ) -> LinearFinding {
    LinearFinding(
      family: family, quantity: quantity, input: input, check: check, failure: failure,
      reproduction: reproduction, options: options)
  }
}

extension LinearContract {
  /// The same with the options that a family comes with, where none says otherwise.
  fileprivate func taking(_ options: LossOptions) -> LinearContract {
    var contract = self
    if contract.options.ignoreIndex == nil { contract.options.ignoreIndex = options.ignoreIndex }
    return contract
  }
}
