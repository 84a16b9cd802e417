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
  private static let leastShareOfAll = 0.3
  private static let greatestContradiction = 0.1
  /// Fewer rows could be chance.
  private static let leastCount = 4
  /// Where any code's tolerance leaves a lesser share of the rows that are wrong by a careful one's, what
  /// explains these explains next to nothing.
  private static let leastShareOfCareful = 0.05

  /// Of as good explanations, so many are told.
  private static let greatestNumber = 3
  private static let leastDifference = 0.02
  /// What is less is equal.
  private static let resolution = 0.002

  /// The mistakes that explain what is wrong, the best first; none where nothing is.
  ///
  /// Where ordinary rows are wrong, they decide: at the edges a second weakness may cover a mistake. Code
  /// is held to what careful code gives, and where that explains nothing to what any may give.
  public func diagnoses(among mistakes: [Mistake]? = nil) -> [Diagnosis] {
    let mistakes = mistakes ?? Mistakes.possible(options)
    let right = rightOutputs
    var carefulCount = 0
    for care in Care.allCases {
      var comparison = Comparison(self, care, right)
      carefulCount = max(carefulCount, comparison.wrongCount)
      guard Double(comparison.wrongCount) >= Self.leastShareOfCareful * Double(carefulCount) else {
        return []
      }
      repeat {
        let found = diagnoses(among: mistakes, comparison)
        if !found.isEmpty { return found }
      } while comparison.widen()
    }
    return []
  }

  /// The number of rows that careful code would not have given so.
  package var wrongRowCount: Int { Comparison(self, .fine, rightOutputs).wrongCount }

  /// What the model gives for each row.
  private var rightOutputs: [[[Double]]] {
    batches.map { batch in batch.rows.map { model.outputs($0.row) } }
  }

  private func diagnoses(among mistakes: [Mistake], _ trial: Comparison) -> [Diagnosis] {
    guard trial.wrongCount >= Self.leastCount else { return [] }
    var found: [(diagnosis: Diagnosis, rank: Double)] = []
    for mistake in mistakes {
      let candidates = mistake.hypotheses(self).compactMap { hypothesis in
        trial.verdict(on: hypothesis).map { (hypothesis, $0) }
      }
      // Of the forms of one mistake, the first that explains most.
      guard var best = candidates.first else { continue }
      for candidate in candidates where candidate.1.rank > best.1.rank + Self.resolution {
        best = candidate
      }
      let diagnosis = Diagnosis(
        mistake: mistake, detail: best.0.detail, share: best.1.shareOfAll,
        wrongCount: trial.wrongCount, rowCount: trial.rowCount, hypothesis: best.0, evidence: self)
      found.append((diagnosis, (best.1.rank / Self.resolution).rounded() * Self.resolution))
    }
    // A stable order: the catalogue's among equals.
    let inOrder = found.enumerated().sorted {
      ($1.element.rank, $0.offset) < ($0.element.rank, $1.offset)
    }.map(\.element)
    guard let best = inOrder.first?.rank else { return [] }
    return inOrder.prefix { $0.rank > best - Self.leastDifference }.prefix(Self.greatestNumber)
      .map(\.diagnosis)
  }

  /// Rows that are wrong, and what explains them.
  private struct Comparison {
    let evidence: Evidence
    let care: Care
    /// What the model gives: where float64 has no digits to spare, what it gives is right, too.
    private let right: [[[Double]]]
    /// Which rows are further off than rounding explains.
    private let wrong: [[Bool]]
    /// The rows of this tier and those before decide.
    private var tier = Observation.Tier.ordinary
    let wrongCount: Int
    let rowCount: Int
    private var decidingCount = 0
    private let wrongCounts: [Observation.Tier: Int]

    init(_ evidence: Evidence, _ care: Care, _ right: [[[Double]]]) {
      self.evidence = evidence
      self.care = care
      self.right = right
      var counts: [Observation.Tier: Int] = [:]
      var (wrong, rowCount): ([[Bool]], Int) = ([], 0)
      for (batch, right) in zip(evidence.batches, right) {
        rowCount += batch.rows.count
        wrong.append(
          zip(batch.rows, right).map { row, right in
            let isWrong =
              !evidence.agree(row.computed, row.exact, row, care)
              && !evidence.agree(row.computed, right, row, care)
            if isWrong { counts[row.tier, default: 0] += 1 }
            return isWrong
          })
      }
      self.wrong = wrong
      self.rowCount = rowCount
      wrongCount = counts.values.reduce(0, +)
      wrongCounts = counts
      decidingCount = counts[.ordinary] ?? 0
      if decidingCount < leastCount { _ = widen() }
    }

    /// Has the rows of the next tier decide, too; false where all that are wrong do so already.
    mutating func widen() -> Bool {
      for next in Observation.Tier.allCases where next.rawValue > tier.rawValue {
        tier = next
        decidingCount += wrongCounts[next] ?? 0
        if wrongCounts[next] ?? 0 > 0, decidingCount >= leastCount { return true }
      }
      return false
    }

    struct Verdict {
      /// The share of all wrong rows.
      let shareOfAll: Double
      let rank: Double
    }

    /// Whether a hypothesis explains the wrong rows; nil where it does not.
    func verdict(on hypothesis: Hypothesis) -> Verdict? {
      var (explained, explainedOfAll, left, seen) = (0, 0, 0, 0)
      var (changed, contradicted, distance) = (0, 0, 0.0)
      for (index, batch) in evidence.batches.enumerated() {
        for (position, outputs) in hypothesis.outputs(batch).enumerated() {
          let (row, isWrong) = (batch.rows[position], wrong[index][position])
          let decides = row.tier.rawValue <= tier.rawValue
          let error = outputs.flatMap { evidence.distance(row.computed, $0, row, care) }
          let agrees = error.map { $0 <= 1 } ?? false
          if isWrong, agrees { explainedOfAll += 1 }
          guard decides else { continue }
          if isWrong {
            if agrees, let error {
              explained += 1
              distance += error
            } else {
              left += 1
            }
          }
          if let outputs, !evidence.agree(outputs, row.exact, row, care),
            !evidence.agree(outputs, right[index][position], row, care)
          {
            changed += 1
            if !agrees { contradicted += 1 }
          }
        }
        seen += batch.rows.count
        // What is left cannot become less, and of what is contradicted no lesser share than with all
        // others as they should be.
        guard Double(left) <= (1 - leastShare) * Double(decidingCount),
          Double(contradicted) <= greatestContradiction * Double(changed + rowCount - seen)
        else { return nil }
      }
      guard explained >= leastCount else { return nil }
      let contradiction = changed == 0 ? 0 : Double(contradicted) / Double(changed)
      guard contradiction <= greatestContradiction else { return nil }
      let share = Double(explained) / Double(decidingCount)
      let shareOfAll = Double(explainedOfAll) / Double(wrongCount)
      guard shareOfAll >= leastShareOfAll else { return nil }
      // Of as good explanations the nearer one is the likelier, and the one that explains more beside.
      let nearness = distance / Double(explained)
      return Verdict(
        shareOfAll: shareOfAll,
        rank: share - contradiction - 0.1 * nearness + 0.05 * shareOfAll - hypothesis.doubt)
    }
  }

  fileprivate func agree(
    _ values: [Double], _ expected: [Double], _ row: Observation, _ care: Care
  ) -> Bool {
    distance(values, expected, row, care).map { $0 <= 1 } ?? false
  }

  /// How far values are from what is expected, in what is tolerated; nil where one is finite and the
  /// other is not, or there are more of one.
  private func distance(
    _ values: [Double], _ expected: [Double], _ row: Observation, _ care: Care
  ) -> Double? {
    guard values.count == expected.count else { return nil }
    var furthest = 0.0
    for (value, expected) in zip(values, expected) {
      let (isFinite, isExpected) = (value.magnitude <= greatest, expected.magnitude <= greatest)
      guard isFinite, isExpected else {
        if isFinite == isExpected { continue }
        return nil
      }
      let distance = (value - expected).magnitude / tolerance(row, expected, care)
      furthest = max(furthest, distance)
      if furthest > 1 { return furthest }
    }
    return furthest
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
    return evidence.agree(row.computed, [outputs[worst.index]], row, .coarse)
  }
}
