internal import FloatFormats
package import LossFunctions
package import Reference
internal import Verification

extension CheckContract {
  /// Whether the function is defined at a row. Of what is no probability it is not: code may refuse it, and
  /// whatever it gives is as good.
  func isDefined(at input: LossInput) -> Bool {
    input.logits.allSatisfy(options.input.contains)
      && (try? function.validate(input, options)) != nil
  }

  /// What rows say that the function is defined at, and that have been answered; no search is to follow.
  package func judgements(of rows: LossRows, answers: RowAnswers) async -> Judgements {
    judgements(of: rows, answers, await exactValues(of: rows), ranking: false)
  }

  /// The exact values of rows at which the function is defined; nil where the oracle has none.
  func exactValues(of rows: LossRows) async -> CertifiedRows? {
    try? Reference().evaluate(function, rows, options: options, in: outputFormat)
  }

  /// The same, of rows whose exact values are known; nil where the oracle has none.
  ///
  /// - Parameter ranking: Whether it is to be known of each row how near to failing it is.
  package func judgements(
    of rows: LossRows, _ answers: RowAnswers, _ exact: CertifiedRows?, ranking: Bool
  ) -> Judgements {
    guard let exact else { return Judgements(count: rows.count, abstaining: "not defined there") }
    var judgements = Judgements(count: rows.count)
    judgements.lapses = answers.lapses
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
    var columns = ComparedRows(
      computed: answers.values, exact: exact, outputsPerRow: exact.outputsPerRow,
      errors: ErrorColumn(of: answers.values, against: exact),
      left: Set(judgements.failures.keys).union(judgements.abstentions.keys),
      special: specialRows(rows, exact), ladder: GradeLadder(self))
    grade(rows, &columns, ranking: ranking)
    // What does not change any more is not copied for each row.
    let compared = columns
    let rung = compared.ladder.rung(of: claim)
    for row in 0..<rows.count where compared.left.isEmpty || !compared.left.contains(row) {
      judge(row, compared, rung, &judgements)
    }
    if case .ulps = claim { judgePossibility(rows, compared, &judgements) }
    judgements.comparison = compared
    return judgements
  }

  /// Finds what each row reaches.
  private func grade(_ rows: LossRows, _ compared: inout ComparedRows, ranking: Bool) {
    // What is possible is asked of each output by what it may be off by; shares rank rows by `common` alone.
    let needsAll = if case .ulps = claim { true } else { ranking && claim == .common }
    var grader = RowGrader(
      self, rows, compared.computed, compared.exact, compared.errors, ranking: needsAll)
    let (left, special) = (compared.left, compared.special)
    let areOrdinary = left.isEmpty && special.isEmpty
    compared.grades = grader.grades {
      areOrdinary || !left.contains($0) && !special.contains($0)
    }
    grader.markRoundings(&compared.grades)
    compared.grader = grader
    guard subnormals != .keep else { return }
    // A subnormal input may have counted as 0.
    let strictly = subnormals == .flush
    let suspects = (0..<rows.count).filter { row in
      let grade = compared.grades[row]
      return (grade.share > 1 || strictly && grade.isMisrounded) && rows.hasSubnormals(row)
    }
    guard !suspects.isEmpty else { return }
    let flushed = rows.selecting(suspects).flushed
    let reference = Reference()
    guard let exact = try? reference.evaluate(function, flushed, options: options, in: outputFormat)
    else { return }
    var computed = NumberColumn(compared.computed.format)
    for row in suspects { computed.append(compared.computed, compared.places(ofRow: row)) }
    var other = RowGrader(
      self, flushed, computed, exact, ErrorColumn(of: computed, against: exact), ranking: true)
    var grades = other.grades { _ in true }
    other.markRoundings(&grades)
    for (position, row) in suspects.enumerated() where exact.undecided[position] == nil {
      // Places count from the first of these rows.
      let offset = (row - position) * exact.outputsPerRow
      grades[position].worst += offset
      grades[position].nearest += offset
      compared.grades[row].improve(grades[position], strictly: strictly)
    }
  }

  /// Says whether a row keeps the claim, which has a rung in the ladder.
  private func judge(
    _ row: Int, _ compared: ComparedRows, _ rung: Int, _ judgements: inout Judgements
  ) {
    if !compared.isOrdinary(row) {
      guard specialValues == .strict,
        let place = compared.places(ofRow: row).first(where: { compared.errors.ulps[$0] > 0 })
      else { return }
      judgements.failures[row] = failure(.specialValue, place, compared, row)
      return
    }
    let grade = compared.grades[row]
    judgements.badness[row] = grade.excess(claim)
    guard grade.refutes(claim, rung) else { return }
    let place = grade.place(claim)
    let error = compared.errors[place]
    let kind: Failure.Kind =
      if grade.isOnlyFlushed {
        .flushed
      } else if error.ulps.isInfinite {
        .nonFinite
      } else {
        error.hasWrongSign ? .wrongSign : .inaccurate
      }
    judgements.failures[row] = failure(kind, place, compared, row)
  }

  /// How a row fails with an output.
  func failure(
    _ kind: Failure.Kind, _ place: Int, _ compared: ComparedRows, _ row: Int
  ) -> Failure {
    let places = compared.places(ofRow: row)
    return Failure(
      kind, output: places.count > 1 ? place - places.lowerBound : nil,
      computed: compared.computed[place], exact: compared.exact.values[place], in: outputFormat)
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

extension CheckContract {
  /// The rows with numbers that are not finite, but for those with one agreed value.
  /// Of probabilities also those of 0 and 1 at which the value is infinite, and what is no probability.
  fileprivate func specialRows(_ rows: LossRows, _ exact: CertifiedRows) -> Set<Int> {
    if options.input != .logits {
      return Set(
        (0..<rows.count).filter { row in
          !rows.isFinite(row)
            || exact.places(ofRow: row).contains { exact.residuals[$0].isInfinite }
        })
    }
    // They are few, or all of a batch: what is plain memory is looked through at once.
    if rows.areFinite { return [] }
    return Set((0..<rows.count).filter { !rows.isFinite($0) && !hasAgreedValue(rows[$0]) })
  }

  /// Whether a row with infinite logits has a value that all agree on: some classes are masked by −∞, and
  /// neither the target nor smoothing counts on these.
  private func hasAgreedValue(_ input: LossInput) -> Bool {
    if function.isOfShards { return input.hasShardValue }
    guard !function.isBinary, !function.isOfDistributions,
      options.labelSmoothing.map(\.isZero) ?? true,
      input.logits.allSatisfy({ $0.isFinite || $0 == .infinity(isNegative: true) }),
      input.logits.contains(where: \.isFinite), input.gradOutput.allSatisfy(\.isFinite)
    else { return false }
    return switch input.target {
    case .none: true
    case .index(let label):
      label == options.ignoreIndex
        || input.logits.indices.contains(label) && input.logits[label].isFinite
    case .probabilities, .logits: false
    }
  }
}

extension LossInput {
  /// Whether a part of a loss in shards has a value that all agree on: −∞ stands for classes that are masked, for all of a
  /// shard, and for a target that is elsewhere.
  fileprivate var hasShardValue: Bool {
    func isMasked(_ value: FloatValue) -> Bool { value == .infinity(isNegative: true) }
    guard logits.allSatisfy({ $0.isFinite || isMasked($0) }) else { return false }
    guard !gradOutput.isEmpty else { return true }
    let (sums, targets) = (gradOutput.prefix(logits.count), gradOutput.dropFirst(logits.count))
    return sums.allSatisfy(\.isFinite) && targets.allSatisfy { $0.isFinite || isMasked($0) }
      && targets.contains(where: \.isFinite)
      && zip(logits, sums).contains { $0.isFinite && !$1.isZero }
  }
}
