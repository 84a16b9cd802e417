internal import Cases
internal import FloatFormats
internal import Foundation
internal import LossFunctions
internal import LossOracle
internal import PropertyEngine

/// An attack on the claim of one form.
struct Attack {
  /// The kinds of targets, which have claims of their own.
  enum Targets: String, CaseIterable {
    case none, hard, soft

    func suit(_ function: LossFunction) -> Bool { function.hasTarget == (self != .none) }

    func include(_ input: LossInput) -> Bool {
      guard case .probabilities(let values) = input.target else { return self != .soft }
      let areHard = values.allSatisfy { $0 == .zero || $0 == .one }
      return (self == .hard) == (areHard && values.count == 1)
    }
  }

  let implementation: any Implementation
  let targets: Targets
  let format: FloatFormat

  init(_ implementation: any Implementation, _ targets: Targets, _ format: FloatFormat) {
    self.implementation = implementation
    self.targets = targets
    self.format = format
  }

  /// What OwnForms.md claims, in ulps; differences that may cancel are held to it too.
  private var claim: Double {
    if implementation.name == "faithful" { return 1 }
    switch implementation.function {
    case .binaryCrossEntropy, .softplus, .logSigmoid: return targets == .soft ? 3 : 2
    case .sigmoid, .binaryCrossEntropyGradient, .shardPartials: return 3
    case .logSumExpGradient, .entropy, .klDivergence, .jsDivergence: return 8
    default: return 4
    }
  }

  /// Cases of families, then a search.
  func printReport(cases: Int, searched: Int, seed: UInt64) async throws {
    let claim = AccuracyClaim(
      KindOfTarget(implementation: implementation, targets: targets, format: format),
      computes: implementation.function, in: format, within: claim)
    let report = try await Trial(
      claim,
      TrialPlan(caseCount: cases, searchCount: searched, seed: seed, shrinkingEffort: 2000)
    ).run()
    let failures = report.stages.reduce(0) { $0 + $1.failureCount }
    let judged = report.stages.reduce(0) { $0 + $1.caseCount - $1.abstentionCount }
    guard judged > 0 else { return }
    let infinite = report.stages.reduce(0) { $0 + $1.statistics.nonFiniteCount }
    let stage = report.stages.max {
      $0.statistics.worst?.ulps ?? 0 < $1.statistics.worst?.ulps ?? 0
    }
    show(
      report.worst, by: stage?.name ?? "", infinite: infinite, beyond: "\(failures) of \(judged)")
  }

  /// Rows of 2²⁰ classes, without a search.
  func printLarge(count: Int, seed: UInt64) async throws {
    let function = implementation.function
    guard !function.isBinary, targets != .soft else { return }
    let shape = CaseShape(function: function, format: format, classCount: 1 << 20)
    for family in [Family.normal, .ties, .uniform, .confident] {
      let subject = ImplementationSubject(implementation)
      let claim = AccuracyClaim(subject, computes: function, in: format, within: claim)
      var stage = TrialReport.Stage(name: family.name)
      for index in 0..<count {
        for batch in family.rows(shape, seed: seed, indices: index..<index + 1) {
          stage.observe(try await claim.judge(batch.rows), of: batch)
        }
      }
      show(
        stage.statistics.worst, by: family.name, infinite: stage.statistics.nonFiniteCount,
        beyond: "\(stage.failureCount) of \(stage.caseCount)")
    }
  }

  private func show(_ worst: Witness?, by stage: String, infinite: Int, beyond: String) {
    var fields = [
      implementation.name, implementation.function.rawValue, targets.rawValue, format.name,
    ]
    fields.append(worst.map { String(format: "%.4g", $0.ulps) } ?? "none")
    fields += [stage, beyond + (infinite > 0 ? ", \(infinite) infinite or NaN" : "")]
    fields.append(worst.map { text($0.input) } ?? "")
    print(fields.joined(separator: "  "))
    fflush(nil)
  }

  private func text(_ input: LossInput) -> String {
    let shown = 8
    func list(_ values: [FloatValue]) -> String {
      "(" + values.prefix(shown).map(\.hexadecimal).joined(separator: ", ")
        + (values.count > shown ? ", … \(values.count) in all" : "") + ")"
    }
    switch input.target {
    case .none: return list(input.logits)
    case .index(let label): return list(input.logits) + " \(label)"
    case .probabilities(let values), .logits(let values):
      return list(input.logits) + " " + list(values)
    }
  }
}

/// An implementation that answers rows with one kind of target only.
private struct KindOfTarget: Subject {
  let implementation: any Implementation
  let targets: Attack.Targets
  let format: FloatFormat

  func answers(to rows: LossRows) async throws -> RowAnswers {
    guard rows.count > 0, targets.include(rows[0]) else {
      return RowAnswers(
        unsupported: "another kind of target", count: rows.count, outputsPerRow: 1, in: rows.format)
    }
    return try await ImplementationSubject(implementation).answers(to: rows)
  }
}
