internal import PropertyEngine

/// A mistake that explains what was observed.
public struct Diagnosis: Sendable {
  /// The mistake.
  public let mistake: Mistake
  /// Its parameters, such as the ε of a clipping; nil where it has none.
  public let detail: String?
  /// The share of the wrong rows that it explains.
  public let share: Double
  /// The number of rows that are wrong, and of all.
  public let wrongCount: Int
  public let rowCount: Int
  /// The form of the mistake, and what it is about.
  let hypothesis: Hypothesis
  let evidence: Evidence

  /// The diagnosis in a line.
  public var text: String {
    let percent = Int((share * 100).rounded(.down))
    let detail = detail.map { " (\($0))" } ?? ""
    return "\(mistake.name)\(detail): \(mistake.summary); explains \(percent) % of "
      + "\(wrongCount) wrong rows of \(rowCount)"
  }
}

extension Evidence {
  /// The share of the wrong rows that a mistake must explain, and of the rows that it would change
  /// for which the code may be right all the same.
  private static let leastShare = 0.9
  private static let greatestContradiction = 0.1
  /// Fewer rows could be chance.
  private static let leastCount = 4

  /// Of as good explanations, so many are told.
  private static let greatestNumber = 3
  private static let leastDifference = 0.02

  /// The mistakes that explain what is wrong, the best first; none where nothing is.
  ///
  /// Where ordinary rows are wrong, they decide: at the edges a second weakness may cover a mistake.
  public func diagnoses(among mistakes: [Mistake] = Mistakes.all) -> [Diagnosis] {
    let wrong = batches.map { batch in batch.rows.map(isWrong) }
    let ordinary = zip(batches, wrong).map { batch, wrong in
      zip(batch.rows, wrong).map { $0.isOrdinary && $1 }
    }
    let wrongCount = wrong.joined().count { $0 }
    guard wrongCount >= Self.leastCount else { return [] }
    let decidesOrdinary = ordinary.joined().count { $0 } >= Self.leastCount
    var found: [(diagnosis: Diagnosis, rank: Double)] = []
    for mistake in mistakes {
      let candidates = mistake.hypotheses(self).compactMap { hypothesis in
        verdict(on: hypothesis, wrong, ordinaryOnly: decidesOrdinary).map { (hypothesis, $0) }
      }
      // Of the forms of one mistake, the one that explains most.
      guard let best = candidates.max(by: { $0.1.rank < $1.1.rank }) else { continue }
      found.append(
        (
          Diagnosis(
            mistake: mistake, detail: best.0.detail, share: best.1.shareOfAll,
            wrongCount: wrongCount, rowCount: rows.count, hypothesis: best.0, evidence: self),
          best.1.rank
        ))
    }
    // A stable order: the catalogue's among equals.
    let inOrder = found.enumerated().sorted {
      ($1.element.rank, $0.offset) < ($0.element.rank, $1.offset)
    }.map(\.element)
    guard let best = inOrder.first?.rank else { return [] }
    return inOrder.prefix { $0.rank > best - Self.leastDifference }.prefix(Self.greatestNumber)
      .map(\.diagnosis)
  }

  private struct Verdict {
    /// The share of the rows that decide, and of all wrong ones.
    let share: Double
    let shareOfAll: Double
    let contradiction: Double
    var rank: Double { share - contradiction }
  }

  private func verdict(
    on hypothesis: Hypothesis, _ wrong: [[Bool]], ordinaryOnly: Bool
  ) -> Verdict? {
    var (explained, explainedOfAll, changed, contradicted, deciding, all) = (0, 0, 0, 0, 0, 0)
    for (batch, wrong) in zip(batches, wrong) {
      for ((row, isWrong), outputs) in zip(zip(batch.rows, wrong), hypothesis.outputs(batch)) {
        let decides = !ordinaryOnly || row.isOrdinary
        if isWrong {
          all += 1
          if decides { deciding += 1 }
        }
        guard let outputs, outputs.count == row.computed.count else { continue }
        let agrees = agree(row, outputs)
        if isWrong, agrees {
          explainedOfAll += 1
          if decides { explained += 1 }
        }
        if decides, !agree(outputs, row.exactValues, row) {
          changed += 1
          if !agrees { contradicted += 1 }
        }
      }
    }
    guard explained >= Self.leastCount else { return nil }
    let verdict = Verdict(
      share: Double(explained) / Double(deciding),
      shareOfAll: Double(explainedOfAll) / Double(all),
      contradiction: changed == 0 ? 0 : Double(contradicted) / Double(changed))
    return verdict.share >= Self.leastShare && verdict.contradiction <= Self.greatestContradiction
      ? verdict : nil
  }

  /// Whether a row is further off than rounding explains.
  private func isWrong(_ row: Observation) -> Bool {
    row.computed.count != row.exact.count || !agree(row, row.exactValues)
  }

  private func agree(_ row: Observation, _ expected: [Double]) -> Bool {
    agree(row.computedValues, expected, row)
  }

  fileprivate func agree(_ values: [Double], _ expected: [Double], _ row: Observation) -> Bool {
    zip(values, expected).allSatisfy { value, expected in
      guard value.isFinite, expected.isFinite else { return value.isFinite == expected.isFinite }
      return (value - expected).magnitude <= tolerance(row, expected)
    }
  }
}

extension Diagnosis {
  /// Whether the mistake gives what a finding's row was found to give.
  func explains(_ finding: Finding) -> Bool {
    guard let worst = finding.judgement.worst, finding.reproduction == .alone else { return false }
    let row = Observation(
      input: finding.shrunk, computed: [worst.computed], exact: [worst.exact])
    let outputs = hypothesis.outputs(ObservedBatch([row]))
    guard let outputs = outputs.first ?? nil, outputs.indices.contains(worst.index) else {
      return false
    }
    return evidence.agree(row.computedValues, [outputs[worst.index]], row)
  }
}
