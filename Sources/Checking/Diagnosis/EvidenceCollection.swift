internal import Cases
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import PropertyEngine
internal import Reference

/// Asks a subject for batches of known composition, for the diagnosis of its errors.
package struct EvidenceCollection {
  private let check: Check

  package init(_ check: Check) {
    self.check = check
  }

  /// Ordinary logits first, then those at which clipped, shifted and narrow forms differ, low and masked
  /// ones.
  private static let families: [Family] = [
    .normal, .uniform, .confident, .confidentAndWrong, .largeOffset, .overflowEdge, .hugeMagnitude,
    .argumentReduction, .lowestLogits, .masks,
  ]
  /// Rows and classes, never as many of one as of the other.
  private static let shapes = [(6, 3), (5, 4), (4, 7)]
  /// Where sums in 16 bits stand still, and indices of 8 bits end.
  private static let longShape = (8, 2000)
  /// Labels of which indices of 15 or 16 bits hold few, and more classes than these.
  private static let highLabels = [65_536, 65_537, 40_000, 67_890, 33_000, 69_999]
  private static let greatestClassCount = 70_000

  private var contract: CheckContract { check.contract }

  /// The shapes of batches, as many classes as there are weights where there are some.
  private var shapes: [(Int, Int)] {
    guard let count = check.weightCount else { return Self.shapes }
    return Self.shapes.map { (count % $0.0 == 0 ? count + 1 : $0.0, count) }
  }

  /// The mistakes that the failures of a trial look like.
  func diagnoses(of report: TrialReport) async throws -> [Diagnosis] {
    let evidence = try await evidence()
    let diagnoses = evidence.diagnoses()
    let large = Families.large.map(\.name)
    let isOfManyClasses = report.stages.allSatisfy {
      $0.failureCount == 0 || large.contains($0.name)
    }
    guard diagnoses.isEmpty, isOfManyClasses else { return diagnoses }
    return try await self.evidence(adding: evidence).diagnoses()
  }

  /// What is seen of rows of few classes, mostly.
  package func evidence() async throws -> Evidence {
    var batches: [ObservedBatch] = []
    let isBinary = contract.function.isBinary
    let further: [Family] =
      contract.options.input != .logits
      ? [.probabilityEdge]
      : contract.function.isOfShards
        ? [.shards] : contract.options.softcap != nil ? Families.capped : []
    for family in Self.families + further {
      for (rowCount, classCount) in isBinary ? [(19, 1), (13, 1)] : shapes {
        // Of low and masked rows each is of one of many kinds.
        let factor = ["masks", "lowest-logits", "shards"].contains(family.name) ? 3 : 1
        batches += try await observed(inputs(family, factor * rowCount, classCount))
      }
    }
    batches += try await observed(ladder)
    if !isBinary, check.weightCount == nil {
      batches += try await observed(inputs(.normal, Self.longShape.0, Self.longShape.1))
    }
    if contract.function == .crossEntropyGradient, !contract.leavesOutUnnormalisedTargets,
      contract.options.focalGamma == nil, contract.options.focalAlpha == nil
    {
      for (rowCount, classCount) in shapes {
        batches += try await observed(
          inputs(.softTargets, rowCount, classCount).map(\.withHalfTheTargets))
      }
    }
    return evidence(batches)
  }

  /// The same with rows of many classes, whose labels lie far along.
  func evidence(adding evidence: Evidence) async throws -> Evidence {
    guard !contract.function.isBinary, check.weightCount == nil else { return evidence }
    var rows = inputs(.normal, Self.highLabels.count, Self.greatestClassCount)
    if contract.function.hasLabels {
      for (row, label) in zip(rows.indices, Self.highLabels) { rows[row].target = .index(label) }
    }
    return self.evidence(evidence.batches + (try await observed(rows)))
  }

  private func evidence(_ batches: [ObservedBatch]) -> Evidence {
    Evidence(
      of: contract.function, in: contract.format, outputFormat: contract.outputFormat,
      options: contract.options, layout: contract.layout, batches: batches)
  }

  /// Rows whose target is less and less likely, by steps that are small beside what they go through: what is
  /// done about a small probability shows where it begins.
  private var ladder: [LossInput] {
    guard contract.function.isLossOfProbabilities else { return [] }
    let classCount = contract.function.isBinary ? 1 : check.weightCount ?? 3
    let temperature = contract.options.temperature?.double ?? 1
    return stride(from: 7.5, to: 36, by: 0.5).map { step in
      let gap = step * temperature
      let logits = (0..<classCount).map { FloatValue(classCount > 1 && $0 == 0 ? 0 : -gap) }
      let target: Target =
        switch contract.function {
        case .binaryCrossEntropy: .probabilities([.one])
        case .crossEntropy: .index(min(1, classCount - 1))
        default: .none
        }
      return LossInput(
        logits: logits.map { contract.format.rounded($0, .nearestEven) }, target: target)
    }
  }

  private func inputs(_ family: Family, _ rowCount: Int, _ classCount: Int) -> [LossInput] {
    let shape = CaseShape(
      function: contract.function, format: contract.format, input: contract.options.input,
      gradOutput: contract.options.gradOutput, classCount: classCount)
    guard family.suits(shape) else { return [] }
    let family = contract.options.ignoreIndex.map(family.ignoring) ?? family
    return (0..<rowCount).map { family.input(shape, seed: check.plan.seed, index: $0) }
  }

  /// What the subject gives for rows, those of one shape at once.
  private func observed(_ inputs: [LossInput]) async throws -> [ObservedBatch] {
    var batches: [ObservedBatch] = []
    for batch in inputs.batches(in: contract.format) {
      let rows = batch.rows
      let answers = try await check.subject.answers(to: rows)
      guard
        let exact = try? Reference().evaluate(
          contract.function, rows, options: contract.options, in: contract.outputFormat),
        answers.count == rows.count, answers.outputsPerRow == exact.outputsPerRow
      else { continue }
      let observations = (0..<rows.count).compactMap { row -> Observation? in
        guard case .outputs(let computed) = answers[row], exact.undecided[row] == nil else {
          return nil
        }
        return Observation(
          input: rows[row], computed: computed, exact: exact.values[exact.places(ofRow: row)])
      }
      if !observations.isEmpty {
        batches.append(ObservedBatch(observations, rowCount: rows.count))
      }
    }
    return batches
  }
}

extension LossInput {
  /// The row with probabilities that sum to about a half.
  fileprivate var withHalfTheTargets: LossInput {
    guard case .probabilities(let values) = target else { return self }
    return LossInput(
      logits: logits, target: .probabilities(values.map { FloatValue($0.double / 2) }))
  }
}
