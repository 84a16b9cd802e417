extension Finding {
  /// Whether it has been seen again, or what is asked takes care to answer with repeated failures only and
  /// nothing speaks against it. That a stalled machine made it late, once and once more, always does.
  fileprivate func isRepeated(_ isDenied: Bool) -> Bool {
    switch reproduction {
    case .notReproducible: false
    case .unconfirmed: !isDenied && failure.kind != .hang
    default: true
    }
  }

  /// The same as something that happens now and then.
  fileprivate func seen(_ count: Int) -> Finding {
    let note =
      "seen \(count) times, each time of rows that were answered when they were asked again"
    return Finding(
      stage: stage, index: index, failure: Failure(failure.kind, failure.message, note: note),
      original: original, reproduction: .notDeterministic, rows: rows, row: row,
      judgement: judgement)
  }
}

extension TrialReport {
  /// How often something may go wrong that is not repeated.
  private static let toleratedLapseCount = 2

  /// Lets endings and late answers that were not repeated decide nothing: a machine that is short of memory or
  /// of time brings them about in right code. Their rows are left out, and what is left out is never passed.
  /// Endings that are seen more often than chance has them are a finding by that name.
  ///
  /// - Parameter example: The first of those that were answered when they were asked again.
  mutating func settle(_ example: Finding?) {
    for kind in Failure.Kind.perhapsTheMachines { settle(kind, example) }
    let count = lapses.values.reduce(0, +)
    if count > Self.toleratedLapseCount, findings.isEmpty { isComplete = false }
  }

  private mutating func settle(_ kind: Failure.Kind, _ example: Finding?) {
    let own = findings.filter { $0.failure.kind == kind }
    let isDenied = own.contains { $0.reproduction == .notReproducible }
    guard !own.contains(where: { $0.isRepeated(isDenied) }) else {
      findings.removeAll { $0.failure.kind == kind && !$0.isRepeated(isDenied) }
      return
    }
    findings.removeAll { $0.failure.kind == kind }
    let end = own.first { !$0.failure.mayComeFromOutside }
    let rowCount = end == nil ? 0 : stages.reduce(0) { $0 + $1.failures[kind, default: 0] }
    let count = lapses.reduce(rowCount) {
      $0 + ($1.key.kind == kind && !$1.key.mayComeFromOutside ? $1.value : 0)
    }
    if let end = end ?? example, end.failure.kind == kind, count > Self.toleratedLapseCount {
      return findings.append(end.seen(count))
    }
    for finding in own { note(finding.failure) }
    for place in stages.indices {
      for _ in 0..<stages[place].withdraw(kind) {
        leaveOut("went wrong once, and not when it was asked again")
        isComplete = false
      }
    }
  }
}
