internal import LossFunctions
internal import PropertyEngine

extension ProgramSubject {
  /// Finds the first row of a request that goes wrong, and answers those before it.
  ///
  /// - Parameter isPatient: Whether the request was waited for as long as one may take.
  func locate(
    _ first: Failure, _ range: Range<Int>, _ batch: inout AnsweredBatch, isPatient: Bool
  ) async {
    var (failure, start, end) = (first, range.lowerBound, range.upperBound)
    /// Whether it is the row itself that was asked last, and for how long.
    var isAlone = range.count == 1
    var wait = Duration.zero
    defer { if hasFailed { firstCost = firstCost ?? spent } }
    batch.locatedCount += 1
    let knownCount = locatedCounts[first, default: 0]
    locatedCounts[first] = knownCount + 1
    if knownCount >= Self.kindLimit, range.count > 1 {
      return batch.giveUp(
        first, onOneOf: range.count, note: "which has not been looked for",
        isRepeated: isRepeated(first))
    }
    /// What went wrong on the way.
    var events = [first]
    // What one row takes is not known yet, nor what all of them take.
    lastReply = .zero
    var answering = Duration.zero
    /// What it takes to go wrong once more.
    let cost = (program.isRunning ? .zero : lastStart) + (first.kind == .hang ? patience : .zero)
    while end - start > 1 {
      if surrender != nil || spent > allowance {
        return batch.giveUp(
          failure, onOneOf: end - start, note: "no time was left to tell which",
          isRepeated: isRepeated(failure))
      }
      // One by one, the program ends once and no more; by halves it may end each time, and has less to
      // answer.
      let middle = start + (lastReply * (end - start) < cost ? 1 : (end - start) / 2)
      wait = patience
      switch await ask(batch.rows, start..<middle) {
      case .answered(let part):
        batch.answers.append(part)
        answering += lastReply
        start = middle
        isAlone = false
      case .failed(let other):
        failure = other
        events.append(other)
        end = middle
        isAlone = end - start == 1
      case .interrupted: return
      }
    }
    if isAlone, failure.kind == .hang, wait == timeout { hasConfirmedHang = true }
    if isAlone, isRepeated(failure) { return batch.append(failure) }
    await program.end()
    switch await ask(batch.rows, start..<start + 1, patience: timeout) {
    case .interrupted: return
    case .failed where surrender != nil:
      batch.giveUp(failure, onOneOf: 1, note: "", isRepeated: false)
    case .failed(let again):
      if again.kind == .hang { hasConfirmedHang = true } else { repeatedEnds.insert(again) }
      batch.append(again)
    case .answered(let part):
      batch.answers.append(part)
      answering += lastReply
      if failure.kind == .hang { hasHung = hasConfirmedHang }
      // Of a hang it is known how long the rows take up to this one, and no more.
      let repeated = failure.kind == .hang ? range.lowerBound..<start + 1 : range
      // A row that was given up early may be slow, and the one that hangs come after it.
      let isGivenUpEarly = isAlone && range.count > 1 && wait < timeout
      if failure.kind == .hang, !isPatient || isGivenUpEarly || answering >= timeout / 4 {
        // Slow, and no more: less at a time.
        if isPatient, isGivenUpEarly { batch.noteLate(events, on: start..<range.upperBound) }
        if firstCost == nil { (hasFailed, spent) = (false, .zero) }
        if isPatient { payloadSize = max(batch.rowSize, range.count * batch.rowSize / 4) }
        batch.locatedCount -= 1
      } else if let again = await repetition(of: failure, on: repeated, of: batch.rows) {
        batch.answers.failures[start] = again
        hasHung = hasConfirmedHang
      } else {
        batch.answers.lapses[start, default: []] += events
      }
    }
  }

  /// Whether a failure of one row is known to be no chance.
  private func isRepeated(_ failure: Failure) -> Bool {
    switch failure.kind {
    case .hang: hasConfirmedHang
    case .crash: repeatedEnds.contains(failure)
    default: true
    }
  }

  /// The failure of a request that goes wrong again in the same way, though its rows have been answered one
  /// by one. A reply that is wrong has been given, and need not be again.
  private func repetition(
    of failure: Failure, on range: Range<Int>, of rows: LossRows
  ) async -> Failure? {
    guard range.count > 1 else { return nil }
    var again = failure
    if [.crash, .hang].contains(failure.kind) {
      await program.end()
      guard case .failed(let second) = await ask(rows, range, patience: timeout),
        second.kind == failure.kind, surrender == nil
      else { return nil }
      again = second
    }
    return again.noting("on a request of \(range.count) rows and not on this one alone")
  }
}
