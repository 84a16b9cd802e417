internal import FloatFormats
package import LossFunctions
internal import Reference
internal import Verification

extension CheckContract {
  /// Whether the function is defined at a row.
  func isDefined(at input: LossInput) -> Bool {
    (try? function.validate(input, options)) != nil
  }

  /// What rows say that the function is defined at, and that have been answered.
  package func judgements(of rows: LossRows, answers: RowAnswers) async -> Judgements {
    judgements(of: rows, answers, await exactValues(of: rows))
  }

  /// The exact values of rows at which the function is defined; nil where the oracle has none.
  func exactValues(of rows: LossRows) async -> CertifiedRows? {
    try? Reference().evaluate(function, rows, options: options, in: outputFormat)
  }

  func judgements(
    of rows: LossRows, _ answers: RowAnswers, _ exact: CertifiedRows?
  ) -> Judgements {
    guard let exact else { return Judgements(count: rows.count, abstaining: "not defined there") }
    var judgements = Judgements(count: rows.count)
    for (row, failure) in answers.failures { judgements.fail(row, failure) }
    judgements.abstentions = answers.abstentions
    for row in exact.undecided.keys where judgements.failures[row] == nil {
      // Each has bounds of its own, and one reason for all is what counts.
      judgements.abstentions[row] =
        "the oracle does not decide the exact value (no theorem settles it)"
    }
    guard answers.outputsPerRow == exact.outputsPerRow, answers.count == rows.count else {
      let message = "\(answers.outputsPerRow) outputs instead of \(exact.outputsPerRow)"
      for row in 0..<rows.count where judgements.isSilent(row) {
        judgements.fail(row, Failure(.outputCount, message))
      }
      return judgements
    }
    if leavesOutUnnormalisedTargets, !function.isBinary, rows.targetKind == .probabilities {
      for row in 0..<rows.count where judgements.isSilent(row) && !hasNormalisedTarget(rows[row]) {
        judgements.abstentions[row] = "probabilities of classes that do not sum to 1"
      }
    }
    let compared = ComparedRows(
      computed: answers.values, exact: exact,
      errors: ErrorColumn(of: answers.values, against: exact),
      left: Set(judgements.failures.keys).union(judgements.abstentions.keys),
      special: rows.specialRows)
    judgements.comparison = compared
    compare(rows, compared, &judgements)
    return judgements
  }

  /// Finds the rows with outputs that are further off than the tolerance allows.
  private func compare(
    _ rows: LossRows, _ compared: ComparedRows, _ judgements: inout Judgements
  ) {
    let (ulps, count) = (compared.errors.ulps, compared.exact.outputsPerRow)
    let least = tolerance.unconditionalULPs
    var suspects: [Int] = []
    for row in 0..<rows.count where compared.left.isEmpty || !compared.left.contains(row) {
      var worst = 0.0
      for place in row * count..<(row + 1) * count { worst = max(worst, ulps[place]) }
      let isSpecial = !compared.isOrdinary(row)
      judgements.badness[row] = isSpecial ? 0 : worst
      guard worst > least || worst == .infinity else { continue }
      guard !isSpecial else {
        if specialValues == .strict {
          judgements.failures[row] = failure(.specialValue, compared, row, nil)
        }
        continue
      }
      suspects.append(row)
    }
    guard !suspects.isEmpty else { return }
    let allowed = tolerance.absoluteErrors(of: rows.selecting(suspects), self)
    for (position, row) in suspects.enumerated() {
      let places = compared.places(ofRow: row)
      if places.allSatisfy({ compared.computed[$0] == .infinity }),
        tolerance.allowsInfinity(at: rows[row], self)
      {
        continue
      }
      let bounds = allowed.map { $0[position * count..<(position + 1) * count] }
      judgements.failures[row] = failure(nil, compared, row, bounds)
    }
  }

  /// How a row fails: with the output that is furthest beyond what is allowed; nil where none is.
  ///
  /// - Parameter bounds: The absolute errors that are allowed beside the ulps.
  private func failure(
    _ kind: Failure.Kind?, _ compared: ComparedRows, _ row: Int, _ bounds: ArraySlice<Double>?
  ) -> Failure? {
    let (places, ulps, least) = (
      compared.places(ofRow: row), compared.errors.ulps, tolerance.unconditionalULPs
    )
    let failing = places.filter { place in
      guard ulps[place] > least || ulps[place].isInfinite else { return false }
      guard let bounds, ulps[place].isFinite else { return true }
      let ulp = Double(
        sign: .plus, exponent: Int(compared.exact.ulpExponents[place]), significand: 1)
      let bound = bounds[bounds.startIndex + place - places.lowerBound]
      return ulps[place] * ulp > bound + least * ulp
    }
    guard let worst = failing.max(by: { ulps[$0] < ulps[$1] }) else { return nil }
    let isWrongSign = compared.errors[worst].hasWrongSign
    return Failure(
      kind ?? (ulps[worst].isInfinite ? .nonFinite : isWrongSign ? .wrongSign : .inaccurate),
      output: places.count > 1 ? worst - places.lowerBound : nil,
      computed: compared.computed[worst], exact: compared.exact.values[worst], in: outputFormat)
  }

  /// Whether the probabilities of the classes sum to 1, as near as their rounding leaves them to it.
  private func hasNormalisedTarget(_ input: LossInput) -> Bool {
    guard input.isFinite, case .probabilities(let values) = input.target else { return true }
    return (values.reduce(0) { $0 + $1.double } - 1).magnitude <= 8 * format.unitRoundoff
  }
}

extension Judgements {
  /// Whether nothing has been said of a row yet.
  fileprivate func isSilent(_ row: Int) -> Bool {
    failures[row] == nil && abstentions[row] == nil
  }
}

extension LossRows {
  /// The rows with numbers that are not finite.
  fileprivate var specialRows: Set<Int> {
    // They are few, or all of a batch: what is plain memory is looked through at once.
    if format.isWithinFloat64, logits.doubles.areFinite, probabilities.doubles.areFinite {
      return []
    }
    return Set((0..<count).filter { !isFinite($0) })
  }
}

extension [Double] {
  fileprivate var areFinite: Bool {
    let exponent: UInt64 = 0x7FF0_0000_0000_0000
    // Without a branch for each, so that several are looked at at a time.
    var others: UInt64 = 0
    for number in self { others |= number.bitPattern & exponent == exponent ? 1 : 0 }
    return others == 0
  }
}
