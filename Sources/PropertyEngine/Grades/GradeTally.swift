internal import FloatFormats
internal import LossFunctions
public import Verification

/// What rows have come to among the grades of a contract. Tallies of the same contract add up.
public struct GradeTally: Sendable {
  private var ladder: GradeLadder?
  /// Of each refuted grade the row that shows it: of those with the fewest classes the furthest off.
  private var obstacles: [Int: GradeObstacle] = [:]
  private var greatestULPs = 0.0
  /// The largest error over what is common; nil where nothing was compared.
  public private(set) var greatestShare: Double?
  /// The same for a form that rounds each step to the format of the outputs, of the rows that are not common; nil
  /// where these are none or the format is no narrower.
  public private(set) var greatestNarrowShare: Double?
  /// The number of outputs that are 0 where the value is below the normal range and does not round to 0.
  public private(set) var flushedCount = 0
  /// The errors in ulps.
  public private(set) var quantiles = ErrorQuantiles()

  /// Nothing yet.
  package init() {}

  /// Takes an output that is no row's: what it is off by, and what that is of what is common, where that is known.
  package mutating func observe(ulps: Double, share: Double?) {
    quantiles.add(ulps)
    greatestULPs = max(greatestULPs, ulps)
    if let share { greatestShare = max(greatestShare ?? 0, share) }
  }

  /// Takes what rows say.
  mutating func observe(_ compared: ComparedRows, of batch: PlacedRows, in stage: String) {
    let ladder = compared.ladder
    self.ladder = ladder
    var furthest: [Int?] = ladder.grades.map { _ in nil }
    // A row that is no further off than one that refutes a grade need not be asked whether it does, too.
    var excesses = ladder.grades.map { _ in -1.0 }
    let byShare = ladder.grades.map { $0 == .common }
    var greatest = greatestShare ?? 0
    let (grades, ulps) = (compared.grades, compared.errors.ulps)
    for row in 0..<batch.rows.count where compared.isOrdinary(row) {
      let grade = grades[row]
      for place in compared.places(ofRow: row) { quantiles.add(ulps[place]) }
      greatestULPs = max(greatestULPs, grade.ulps)
      greatest = max(greatest, grade.share)
      greatestShare = greatest
      flushedCount += grade.flushedCount
      offerNarrow(grade.narrowShare)
      for rung in byShare.indices {
        let excess = byShare[rung] ? grade.share : grade.ulps
        guard excess > excesses[rung], grade.refutes(ladder.grades[rung], rung) else { continue }
        (furthest[rung], excesses[rung]) = (row, excess)
      }
    }
    var inputs: [Int: LossInput] = [:]
    for (rung, row) in furthest.enumerated() {
      guard let row else { continue }
      let (name, excess) = (ladder.grades[rung], excesses[rung])
      guard
        obstacles[rung].map({ $0.isBehind(batch.rows.classCount, excess) }) ?? true
      else { continue }
      let input = inputs[row] ?? batch.rows[row]
      inputs[row] = input
      obstacles[rung] = GradeObstacle(
        stage: stage, excess: excess,
        witness: compared.witness(grades[row].place(name), input, batch.places[row]))
    }
  }

  private mutating func offerNarrow(_ share: Double?) {
    if let share { greatestNarrowShare = max(greatestNarrowShare ?? 0, share) }
  }

  /// Adds what was observed elsewhere.
  package mutating func merge(_ other: GradeTally) {
    ladder = ladder ?? other.ladder
    for (rung, obstacle) in other.obstacles {
      let classCount = obstacle.witness.input.logits.count
      if obstacles[rung].map({ $0.isBehind(classCount, obstacle.excess) }) ?? true {
        obstacles[rung] = obstacle
      }
    }
    greatestULPs = max(greatestULPs, other.greatestULPs)
    if let share = other.greatestShare { greatestShare = max(greatestShare ?? 0, share) }
    offerNarrow(other.greatestNarrowShare)
    flushedCount += other.flushedCount
    quantiles.merge(other.quantiles)
  }
}

/// A row that keeps outputs from a grade.
public struct GradeObstacle: Sendable {
  /// The family that has it.
  public let stage: String
  /// How far it is from the grade.
  let excess: Double
  /// The row.
  public let witness: Witness

  /// Whether another row shows the same in fewer classes, or better in as many.
  fileprivate func isBehind(_ classCount: Int, _ excess: Double) -> Bool {
    let ownCount = witness.input.logits.count
    return classCount == ownCount ? self.excess < excess : classCount < ownCount
  }
}

/// The best grade that holds on all rows, and what keeps from the next better one.
public struct ReachedGrade: Sendable {
  /// The grade.
  public let grade: Grade
  /// The next better grade; nil for the best.
  public let next: Grade?
  /// The row that keeps from it; nil where it is one that was not answered.
  public let obstacle: GradeObstacle?
}

extension GradeTally {
  /// The best grade that holds on all rows; nil where nothing was compared.
  ///
  /// - Parameters:
  ///   - claim: What was claimed: a number of ulps is reached where it is claimed, whatever is common.
  ///   - isAnswered: Whether nothing but errors refuted the claim.
  func reached(_ claim: Grade, isAnswered: Bool) -> ReachedGrade? {
    guard let ladder, quantiles.count > 0 || !obstacles.isEmpty else {
      return isAnswered ? nil : ReachedGrade(grade: .fallsShort, next: .common, obstacle: nil)
    }
    let common = ladder.grades.count - 1
    let isClaimed = if case .ulps(let limit) = claim { greatestULPs <= limit } else { false }
    guard isAnswered, obstacles[common] == nil || isClaimed,
      let rung = ladder.grades.indices.first(where: { obstacles[$0] == nil })
    else {
      return ReachedGrade(
        grade: .fallsShort, next: ladder.grades[common], obstacle: obstacles[common])
    }
    var grade = ladder.grades[rung]
    if case .ulps(let limit) = grade {
      grade = .ulps(min(Grade.threeDigits(above: greatestULPs), limit))
    }
    return ReachedGrade(
      grade: grade, next: rung > 0 ? ladder.grades[rung - 1] : nil,
      obstacle: rung > 0 ? obstacles[rung - 1] : nil)
  }
}
