internal import FloatFormats

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

  /// The mistakes that explain what is wrong, the best first; none where nothing is.
  public func diagnoses(among mistakes: [Mistake] = Mistakes.all) -> [Diagnosis] {
    let wrong = batches.map { batch in batch.rows.map(isWrong) }
    let wrongCount = wrong.joined().count { $0 }
    guard wrongCount >= Self.leastCount else { return [] }
    var found: [(diagnosis: Diagnosis, contradiction: Double)] = []
    for mistake in mistakes {
      let candidates = mistake.hypotheses(self).compactMap { hypothesis in
        verdict(on: hypothesis, wrong).map { (hypothesis, $0) }
      }
      // Of the forms of one mistake, the one that explains most.
      guard let best = candidates.max(by: { $0.1.rank < $1.1.rank }) else { continue }
      found.append(
        (
          Diagnosis(
            mistake: mistake, detail: best.0.detail, share: best.1.share, wrongCount: wrongCount,
            rowCount: rows.count), best.1.contradiction
        ))
    }
    // A stable order: the catalogue's among equals.
    return found.enumerated().sorted { first, second in
      let (one, other) = (first.element, second.element)
      return (other.diagnosis.share - other.contradiction, Double(first.offset))
        < (one.diagnosis.share - one.contradiction, Double(second.offset))
    }.map(\.element.diagnosis)
  }

  private struct Verdict {
    let share: Double
    let contradiction: Double
    var rank: Double { share - contradiction }
  }

  private func verdict(on hypothesis: Hypothesis, _ wrong: [[Bool]]) -> Verdict? {
    var (explained, changed, contradicted, all) = (0, 0, 0, 0)
    for (batch, wrong) in zip(batches, wrong) {
      for ((row, isWrong), outputs) in zip(zip(batch.rows, wrong), hypothesis.outputs(batch)) {
        if isWrong { all += 1 }
        guard let outputs, outputs.count == row.computed.count else { continue }
        let agrees = agree(row, outputs)
        if isWrong, agrees { explained += 1 }
        if !agree(outputs, row.exact.map(\.double), row) {
          changed += 1
          if !agrees { contradicted += 1 }
        }
      }
    }
    guard explained >= Self.leastCount else { return nil }
    let verdict = Verdict(
      share: Double(explained) / Double(all),
      contradiction: changed == 0 ? 0 : Double(contradicted) / Double(changed))
    return verdict.share >= Self.leastShare && verdict.contradiction <= Self.greatestContradiction
      ? verdict : nil
  }

  /// Whether a row is further off than rounding explains.
  private func isWrong(_ row: Observation) -> Bool {
    row.computed.count != row.exact.count || !agree(row, row.exact.map(\.double))
  }

  private func agree(_ row: Observation, _ expected: [Double]) -> Bool {
    agree(row.computed.map(\.double), expected, row)
  }

  private func agree(_ values: [Double], _ expected: [Double], _ row: Observation) -> Bool {
    zip(values, expected).allSatisfy { value, expected in
      guard value.isFinite, expected.isFinite else { return value.isFinite == expected.isFinite }
      return (value - expected).magnitude <= tolerance(row, expected)
    }
  }
}
