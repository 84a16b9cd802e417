internal import Cases
internal import FloatFormats
internal import LossFunctions
public import Losses
internal import Reference

/// The outcome of a cell for one implementation.
public struct VerificationRow: Sendable {
  /// The cell.
  public let cell: VerificationCell
  /// The implementation.
  public let implementation: any Implementation
  /// What was observed.
  public let statistics: ErrorTally
}

extension VerificationPlan {
  /// The cases of a cell are cut into pieces of so many.
  private static let pieceSize = 512

  /// Verifies everything, on as many threads as there are cores.
  ///
  /// The rows are the same, bit for bit, for the same plan, whatever the number of threads.
  ///
  /// - Parameters:
  ///   - threadCount: The number of pieces that are worked on at a time.
  ///   - progress: Called as pieces are finished, with the number of cases done and of all.
  /// - Returns: The rows of the cells that were finished: all of them unless the task was cancelled.
  /// - Throws: Where a family makes a case that the reference refuses, or cannot decide.
  public func run(
    threadCount: Int, progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> [VerificationRow] {
    let (cells, seed) = (cells, seed)
    // Pieces are counted, not listed: there may be more of them than memory holds.
    var (firstPieces, pieceCount) = ([Int](), 0)
    for cell in cells {
      firstPieces.append(pieceCount)
      pieceCount += OrderedPieces(of: cell.caseCount, pieceSize: Self.pieceSize).count
    }
    let cellAndCases: @Sendable (_ piece: Int) -> (cellIndex: Int, cases: Range<Int>) = {
      [firstPieces] piece in
      let cellIndex = firstPieces.lastIndex { $0 <= piece } ?? 0
      let pieces = OrderedPieces(of: cells[cellIndex].caseCount, pieceSize: Self.pieceSize)
      return (cellIndex, pieces.range(piece - firstPieces[cellIndex]))
    }
    let total = cells.reduce(0) { $0 + $1.caseCount }
    var tallies = cells.map { [ErrorTally](repeating: .init(), count: $0.implementations.count) }
    var (done, finishedPieces) = (0, 0)
    do {
      try await OrderedPieces(of: pieceCount, pieceSize: 1, threadCount: threadCount).forEach {
        let (cellIndex, cases) = cellAndCases($0.lowerBound)
        return try cells[cellIndex].tallies(of: cases, seed: seed)
      } consume: { pieces, results in
        let (cellIndex, cases) = cellAndCases(pieces.lowerBound)
        for (index, tally) in results.enumerated() {
          tallies[cellIndex][index].merge(tally)
        }
        done += cases.count
        finishedPieces += 1
        progress(done, total)
      }
    } catch is CancellationError {
      // What is finished stands.
    }
    let finishedCells =
      finishedPieces < pieceCount ? cellAndCases(finishedPieces).cellIndex : cells.count
    return cells[..<finishedCells].indices.flatMap { cellIndex in
      zip(cells[cellIndex].implementations, tallies[cellIndex])
        .filter { $0.1.outputCount > 0 }
        .map { VerificationRow(cell: cells[cellIndex], implementation: $0.0, statistics: $0.1) }
    }
  }
}

extension VerificationCell {
  /// What is observed of each implementation on a range of cases.
  func tallies(of cases: Range<Int>, seed: UInt64) throws(ReferenceError) -> [ErrorTally] {
    var tallies = [ErrorTally](repeating: .init(), count: implementations.count)
    for batch in family.rows(shape, seed: seed, indices: cases) {
      // The answers serve all the implementations with the same options.
      var answers: [LossOptions: CertifiedRows] = [:]
      for (position, implementation) in implementations.enumerated() {
        guard let computed = implementation.evaluate(batch.rows, withBounds: true) else { continue }
        let options = implementation.options(classCount: batch.rows.classCount)
        let exact: CertifiedRows
        if let known = answers[options] {
          exact = known
        } else {
          exact = try answer(batch.rows, options)
          answers[options] = exact
        }
        tallies[position].observe(
          batch.rows, places: batch.places, computed: computed.values, exact: exact,
          errors: ErrorColumn(of: computed.values, against: exact), bounds: computed.bounds)
      }
    }
    return tallies
  }

  /// The exact outputs. Without options every value is settled by a theorem, so that one that stays
  /// undecided is an error; but for entropies and divergences, of which such rows are counted and left out.
  private func answer(
    _ rows: LossRows, _ options: LossOptions
  ) throws(ReferenceError) -> CertifiedRows {
    let exact = try Reference().evaluate(shape.function, rows, options: options, in: shape.format)
    if options == LossOptions(), !shape.function.isOfDistributions,
      let error = exact.undecided.values.first
    {
      throw error
    }
    return exact
  }
}
