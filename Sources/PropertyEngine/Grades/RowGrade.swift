internal import FloatFormats
internal import LossFunctions

/// Which grades the outputs of one row refute, and where.
struct RowGrade: Sendable {
  /// The output with the largest error in ulps.
  var worst = 0
  var ulps = 0.0
  var isMisrounded = false
  /// The output with the largest share of what is common, and that: above 1 it is not.
  var nearest = 0
  var share = 0.0
  /// The same for a form that rounds each step to the format of the outputs, where that is narrower.
  var narrowShare: Double?
  /// The rungs of wide formats that an output is no rounding from, as bits.
  var unrounded: UInt16 = 0
  /// The number of outputs that are 0 for a value below the normal range.
  var flushedCount = 0
  /// Whether nothing else refutes the claim.
  var isOnlyFlushed = false

  /// Whether the row refutes a grade, which has a rung in the ladder.
  func refutes(_ grade: Grade, _ rung: Int) -> Bool {
    switch grade {
    case .correctlyRounded: isMisrounded
    case .faithful: ulps >= 1
    case .ulps(let count): ulps > count || ulps.isInfinite
    case .roundedFrom: unrounded & 1 << rung != 0
    case .common: share > 1
    case .fallsShort: false
    }
  }

  /// How far beyond a grade the row is, the larger the further.
  func excess(_ grade: Grade) -> Double { grade == .common ? share : ulps }

  /// The output that is.
  func place(_ grade: Grade) -> Int { grade == .common ? nearest : worst }

  /// Takes what is better of the same row held against other exact values: those of inputs that were
  /// flushed, where a grade takes that.
  mutating func improve(_ other: RowGrade, strictly: Bool) {
    if strictly, other.ulps <= ulps {
      (worst, ulps) = (other.worst, other.ulps)
      (isMisrounded, unrounded) = (other.isMisrounded, other.unrounded)
    }
    if other.share < share { (nearest, share) = (other.nearest, other.share) }
    isOnlyFlushed = isOnlyFlushed || other.isOnlyFlushed
    narrowShare = other.narrowShare ?? narrowShare
  }
}

/// The grades that outputs of a contract may reach, the best first.
struct GradeLadder: Hashable, Sendable {
  let grades: [Grade]

  /// The grades of a contract; the number of ulps is the one up to which it is a grade.
  init(_ contract: CheckContract) {
    let limit = if case .ulps(let count) = contract.claim { count } else { 0.0 }
    var grades: [Grade] = [.correctlyRounded, .faithful, .ulps(max(Grade.greatestULPs, limit))]
    for format in Grade.wideFormats {
      let isWider = format.holds(contract.outputFormat) && format != contract.outputFormat
      if isWider || contract.claim == .roundedFrom(format) { grades.append(.roundedFrom(format)) }
    }
    self.grades = grades + [.common]
  }

  /// Where the claim stands, of which every contract's ladder has a rung.
  func rung(of claim: Grade) -> Int {
    grades.firstIndex { grade in
      if case (.ulps, .ulps) = (grade, claim) { true } else { grade == claim }
    } ?? grades.count - 1
  }
}
