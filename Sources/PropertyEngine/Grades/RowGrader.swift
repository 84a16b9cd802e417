internal import FloatFormats
internal import LossFunctions
internal import Reference
internal import Verification

/// Grades rows by what their outputs are off by, and by what the common form may be off by.
struct RowGrader {
  private let contract: CheckContract
  private let ladder: GradeLadder
  private let rows: LossRows
  private let exact: CertifiedRows
  private let errors: ErrorColumn
  private let outputs: [Double]
  private let values: [Double]
  /// What each output may be off by, in ulps: its own rounding, and what the common form may be.
  private(set) var allowed: [Double]
  /// The magnitudes below which 0 may stand for a value, by `common` and by other grades.
  private let flushing: (common: Double, others: Double)

  init(
    _ contract: CheckContract, _ rows: LossRows, _ computed: NumberColumn, _ exact: CertifiedRows,
    _ errors: ErrorColumn
  ) {
    self.contract = contract
    ladder = GradeLadder(contract)
    self.rows = rows
    self.exact = exact
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
    allowed = absoluteErrors(of: rows, in: contract.computingFormat, summing: false)
    for place in allowed.indices { allowed[place] = ulps(allowed[place], place) }
  }

  private func absoluteErrors(
    of rows: LossRows, in format: FloatFormat, summing: Bool
  ) -> [Double] {
    let form = CommonForm(contract.function, contract.options, computedIn: format)
    // What underflows on the way loses some of the least numbers.
    let underflow = 4 * format.leastSubnormal.double * form.options.logits.stepFactor
    return form.errors(of: rows, summing: summing).map { $0 + underflow }
  }

  private func ulps(_ error: Double, _ place: Int) -> Double {
    1 + error.scaled(byPowerOfTwo: -Int(exact.ulpExponents[place]))
  }

  /// The grade of a row, but for whether it was rounded from a wide format.
  mutating func grade(_ row: Int) -> RowGrade {
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
      let places = exact.places(ofRow: row)
      let counted = absoluteErrors(
        of: rows.selecting([row]), in: contract.computingFormat, summing: true)
      for (place, error) in zip(places, counted) { allowed[place] = ulps(error, place) }
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
    return zip(exact.places(ofRow: row), allowed).reduce(0) { share, output in
      max(share, errors.ulps[output.0] / ulps(output.1, output.0))
    }
  }

  private func measure(_ row: Int, _ flushing: (common: Double, others: Double)) -> RowGrade {
    let places = exact.places(ofRow: row)
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
      if error > 0, errors[place].isMisrounded { grade.isMisrounded = true }
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
    contract.allows(exact.places(ofRow: row).map { outputs[$0] }, of: rows[row])
  }
}

extension RowGrader {
  /// Marks the rows with outputs that are no roundings from the wide formats of the ladder.
  ///
  /// One row is enough to refute a grade, and the worst is the one that does; only of what is claimed all
  /// are needed.
  func markRoundings(_ grades: inout [RowGrade]) {
    let misrounded = grades.indices.filter { grades[$0].isMisrounded }
    guard !misrounded.isEmpty else { return }
    for (rung, grade) in ladder.grades.enumerated() {
      guard case .roundedFrom(let format) = grade else { continue }
      let worst = misrounded.max { grades[$0].ulps < grades[$1].ulps }
      if contract.claim != grade, let worst, isUnrounded(worst, from: format) {
        grades[worst].unrounded |= 1 << rung
        continue
      }
      for row in misrounded where isUnrounded(row, from: format) {
        grades[row].unrounded |= 1 << rung
      }
    }
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
    return zip(exact.places(ofRow: row), allowed).contains { place, allowed in
      guard errors[place].isMisrounded else { return false }
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
