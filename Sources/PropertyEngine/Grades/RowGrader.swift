internal import FloatFormats
internal import LossFunctions
internal import Reference
internal import Verification

/// Grades rows by what their outputs are off by, and by what the common form may be off by.
///
/// What that may be takes exponentials, and what it is at least takes none (`LeastError`). An output that is off by no
/// more is common: the rest is found only of rows of which that does not tell, and of those that may be the nearest to
/// what is common.
struct RowGrader: Sendable {
  private let contract: CheckContract
  private let ladder: GradeLadder
  private let rows: LossRows
  private let exact: CertifiedRows
  private let outputsPerRow: Int
  private let errors: ErrorColumn
  private let outputs: [Double]
  private let values: [Double]
  /// What each output may be off by, in ulps: its own rounding, and what the common form may be; of rows that are
  /// not settled, no more than that.
  private var allowed: [Double]
  /// Whether what a row's outputs may be off by is known, by row; empty where it is of all.
  private var isSettled: [Bool] = []
  /// The magnitudes below which 0 may stand for a value, by `common` and by other grades.
  private let flushing: (common: Double, others: Double)

  /// - Parameter ranking: Whether each row's share of what is common is to be known, and not only the greatest.
  init(
    _ contract: CheckContract, _ rows: LossRows, _ computed: NumberColumn, _ exact: CertifiedRows,
    _ errors: ErrorColumn, ranking: Bool
  ) {
    self.contract = contract
    ladder = GradeLadder(contract)
    self.rows = rows
    self.exact = exact
    outputsPerRow = exact.outputsPerRow
    self.errors = errors
    outputs = computed.approximations
    values = exact.values.approximations
    allowed = []
    let leastNormal = contract.outputFormat.leastNormal.double
    flushing =
      switch contract.subnormals {
      case .keep: (0, 0)
      case .flush: (leastNormal, leastNormal)
      case nil: (contract.computingFormat.leastNormal.double, 0)
      }
    if !ranking, contract.subnormals != .flush, let least = leastAllowed() {
      allowed = least
      isSettled = [Bool](repeating: false, count: rows.count)
      return
    }
    allowed = absoluteErrors(of: rows, in: contract.computingFormat, summing: false)
    for place in allowed.indices { allowed[place] = ulps(allowed[place], place) }
  }

  /// No more than what each output may be off by, in ulps; nil where that is not known from exact values.
  private func leastAllowed() -> [Double]? {
    let form = CommonForm(contract.function, contract.options, computedIn: contract.computingFormat)
    guard exact.format.isWithinFloat64, let least = form.leastErrors(of: rows) else { return nil }
    let hasTarget = rows.targetKind == .index && outputsPerRow > 1
    let (labels, exponents) = (rows.labels, exact.ulpExponents)
    return values.indices.map { place in
      guard values[place].isFinite else { return 1 }
      let isTarget = hasTarget && place % outputsPerRow == labels[place / outputsPerRow]
      let exponent = Int(exponents[place])
      let error = (isTarget ? least.target : least.others)
        .error(of: values[place], ulp: 1.0.scaled(byPowerOfTwo: exponent))
      return 1 + error.scaled(byPowerOfTwo: -exponent)
    }
  }

  /// What an output may be off by, in ulps.
  func allowed(_ place: Int) -> Double {
    let row = place / outputsPerRow
    guard !isSettled.isEmpty, !isSettled[row] else { return allowed[place] }
    return rowAllowed(row)[place - row * outputsPerRow]
  }

  /// The same for the outputs of a row, found anew.
  private func rowAllowed(_ row: Int, summing: Bool = false) -> [Double] {
    zip(
      places(ofRow: row),
      absoluteErrors(
        of: rows.selecting([row]), in: contract.computingFormat, summing: summing)
    ).map { ulps($1, $0) }
  }

  private func absoluteErrors(
    of rows: LossRows, in format: FloatFormat, summing: Bool
  ) -> [Double] {
    let form = CommonForm(contract.function, contract.options, computedIn: format)
    // What underflows on the way loses some of the least numbers.
    let underflow = 4 * format.leastSubnormal.double * form.options.logits.stepFactor
    return form.errors(of: rows, summing: summing).map { $0 + underflow }
  }

  private func places(ofRow row: Int) -> Range<Int> {
    row * outputsPerRow..<(row + 1) * outputsPerRow
  }

  private func ulps(_ error: Double, _ place: Int) -> Double {
    1 + error.scaled(byPowerOfTwo: -Int(exact.ulpExponents[place]))
  }

  /// The grades of rows, but for whether they were rounded from a wide format; of the others nothing.
  ///
  /// - Parameter isGraded: Whether a row is to have one.
  /// - Returns: Grades whose shares are right where they are above 1 or the greatest. Others may be too large where
  ///   not all were asked for, and are no greater than that.
  mutating func grades(where isGraded: (Int) -> Bool) -> [RowGrade] {
    guard !isSettled.isEmpty else {
      return (0..<rows.count).map { isGraded($0) ? grade($0) : RowGrade() }
    }
    // What does not change is not copied for each row.
    let bounds = self
    var grades = [RowGrade](repeating: RowGrade(), count: rows.count)
    for row in grades.indices where isGraded(row) { grades[row] = bounds.measure(row, flushing) }
    // The greatest first, that few of the others can be greater.
    guard var nearest = grades.indices.first else { return grades }
    for row in grades.indices where grades[row].share > grades[nearest].share { nearest = row }
    var greatest = 0.0
    for row in [nearest] + grades.indices where !isSettled[row] {
      let isOpen = grades[row].share > min(greatest, 1) || grades[row].flushedCount > 0
      guard isOpen else { continue }
      grades[row] = settledGrade(row)
      greatest = max(greatest, grades[row].share)
    }
    return grades
  }

  /// The grade of a row, with what its outputs may be off by.
  private mutating func settledGrade(_ row: Int) -> RowGrade {
    for (place, allowance) in zip(places(ofRow: row), rowAllowed(row)) {
      allowed[place] = allowance
    }
    isSettled[row] = true
    return grade(row)
  }

  /// The grade of a row, but for whether it was rounded from a wide format.
  private mutating func grade(_ row: Int) -> RowGrade {
    var grade = commonGrade(row)
    if grade.flushedCount > 0 { grade.isOnlyFlushed = isOnlyFlushed(row) }
    if grade.share > 1 { grade.narrowShare = narrowShare(row) }
    return grade
  }

  private mutating func commonGrade(_ row: Int) -> RowGrade {
    var grade = measure(row, flushing)
    guard grade.share > 1 else { return grade }
    if contract.overflowsBefore(rows[row]) || allowsInfinity(row) {
      grade.share = 0
    } else if rows.classCount >= SummationLoss.leastCount, grade.share.isFinite {
      let places = places(ofRow: row)
      for (place, allowance) in zip(places, rowAllowed(row, summing: true)) {
        allowed[place] = allowance
      }
      grade = measure(row, flushing)
    }
    return grade
  }

  /// The share of what the form would be off by that rounds each step to the format of the outputs; nil where
  /// that is no narrower than what it is to be computed in.
  private func narrowShare(_ row: Int) -> Double? {
    let format = contract.outputFormat
    guard format.precision < contract.computingFormat.precision else { return nil }
    let allowed = absoluteErrors(of: rows.selecting([row]), in: format, summing: false)
    return zip(places(ofRow: row), allowed).reduce(0) { share, output in
      max(share, errors.ulps[output.0] / ulps(output.1, output.0))
    }
  }

  private func measure(_ row: Int, _ flushing: (common: Double, others: Double)) -> RowGrade {
    let places = places(ofRow: row)
    var grade = RowGrade(worst: places.lowerBound, nearest: places.lowerBound)
    for place in places {
      var error = errors.ulps[place]
      guard error > 0 else { continue }
      var commonError = error
      if outputs[place] == 0 {
        // A loss that is next to nothing may be 0 for other reasons.
        if error > allowed[place], isFlushed(place, contract.outputFormat.leastNormal.double) {
          grade.flushedCount += 1
        }
        if isFlushed(place, flushing.others) { error = 0 }
        if flushing.common > 0 {
          // The form may have come out below the normal range where the exact value has not.
          let common = allowed[place].scaled(byPowerOfTwo: Int(exact.ulpExponents[place]))
          if isFlushed(place, flushing.common + common) { commonError = 0 }
        }
      }
      if error > 0, errors.isMisrounded(place) { grade.isMisrounded = true }
      if error > grade.ulps { (grade.worst, grade.ulps) = (place, error) }
      // Of an infinite allowance no share can be told.
      let share = commonError.isInfinite ? commonError : commonError / allowed[place]
      if share > grade.share { (grade.nearest, grade.share) = (place, share) }
    }
    return grade
  }

  /// Whether an output of 0 is not the rounding of an exact value below a magnitude.
  private func isFlushed(_ place: Int, _ magnitude: Double) -> Bool {
    values[place] != 0 && values[place].magnitude < magnitude
  }

  /// Whether nothing but zeros in the place of subnormal values refutes the claim.
  private func isOnlyFlushed(_ row: Int) -> Bool {
    let leastNormal = contract.outputFormat.leastNormal.double
    let grade = measure(row, (leastNormal, leastNormal))
    // What was rounded from a wide format is common.
    let claim = if case .roundedFrom = contract.claim { Grade.common } else { contract.claim }
    return !grade.refutes(claim, ladder.rung(of: claim))
  }

  /// Whether a loss may be infinite where the exact one is finite.
  private func allowsInfinity(_ row: Int) -> Bool {
    contract.allows(places(ofRow: row).map { outputs[$0] }, of: rows[row])
  }
}

extension RowGrader {
  /// Marks the rows with outputs that are no roundings from the wide formats of the ladder.
  ///
  /// One row is enough to refute a grade, and the worst of those that do is the one to show; only of what is claimed
  /// all are needed.
  func markRoundings(_ grades: inout [RowGrade]) {
    let misrounded = grades.indices.filter { grades[$0].isMisrounded }
    guard !misrounded.isEmpty else { return }
    for (rung, grade) in ladder.grades.enumerated() {
      guard case .roundedFrom(let format) = grade else { continue }
      guard contract.claim == grade else {
        if let row = worst(of: misrounded, grades, where: { isUnrounded($0, from: format) }) {
          grades[row].unrounded |= 1 << rung
        }
        continue
      }
      for row in misrounded where isUnrounded(row, from: format) {
        grades[row].unrounded |= 1 << rung
      }
    }
  }

  /// The row with the largest error of those that something is true of, the first of equals.
  private func worst(
    of rows: [Int], _ grades: [RowGrade], where isTrue: (Int) -> Bool
  ) -> Int? {
    // Mostly it is true of the worst.
    guard let worst = rows.max(by: { grades[$0].ulps < grades[$1].ulps }) else { return nil }
    if isTrue(worst) { return worst }
    return rows.sorted { (-grades[$0].ulps, $0) < (-grades[$1].ulps, $1) }
      .first { $0 != worst && isTrue($0) }
  }

  private func isUnrounded(_ row: Int, from format: FloatFormat) -> Bool {
    isUnrounded(row, from: format, summing: false)
      && (rows.classCount < SummationLoss.leastCount
        || isUnrounded(row, from: format, summing: true))
  }

  /// Whether no value that is common in a wide format rounds to some output.
  ///
  /// Rounding is monotonic: those values round to all that lies between the roundings of their ends.
  private func isUnrounded(_ row: Int, from format: FloatFormat, summing: Bool) -> Bool {
    let allowed = absoluteErrors(of: rows.selecting([row]), in: format, summing: summing)
    let flushed = contract.subnormals == nil ? format.leastNormal.double : flushing.others
    return zip(places(ofRow: row), allowed).contains { place, allowed in
      guard errors.isMisrounded(place) else { return false }
      if outputs[place] == 0, isFlushed(place, flushed) { return false }
      let residual = exact.residuals[place]
      guard outputs[place].isFinite, !residual.isNaN else { return true }
      let exponent = Int(exact.ulpExponents[place])
      let value = values[place] + residual.scaled(byPowerOfTwo: exponent)
      // The residual is good to 2^-15 ulp, and the wide value has a rounding of its own.
      let error =
        allowed + 2 * format.unitRoundoff * value.magnitude
        + (0x1p-14).scaled(byPowerOfTwo: exponent)
      let output = outputs[place]
      let nearest = contract.outputFormat.nearest
      return output < nearest(value - error) || nearest(value + error) < output
    }
  }
}
