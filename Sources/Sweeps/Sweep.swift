internal import LossFunctions
internal import Reference
internal import SmallFoundation

/// Runs a plan on all cores, and keeps what is done in a file.
package struct Sweep: Sendable {
  private let plan: SweepPlan
  private let threadCount: Int
  private let checkpointInterval: Duration

  /// A sweep on `threadCount` threads, its state written every `checkpointInterval`.
  package init(_ plan: SweepPlan, threadCount: Int, checkpointInterval: Duration = .seconds(2)) {
    self.plan = plan
    self.threadCount = max(1, threadCount)
    self.checkpointInterval = checkpointInterval
  }

  /// The state to begin with: that of the file at `path`, or nothing done where there is none.
  package func state(resuming path: String?) throws(SweepFileError) -> SweepCertificate {
    let new = SweepCertificate(plan)
    guard let path, FileManager.default.fileExists(atPath: path) else { return new }
    let old = try SweepCertificate.read(path)
    var differences = old.differences(from: new)
    if old.first != new.first || old.end != new.end { differences.append("shard") }
    let isWhole = (old.done - old.first) % UInt64(plan.blockSize) == 0
    guard differences.isEmpty, isWhole else {
      throw .otherSweep(path: path, differences: differences.isEmpty ? ["blocks"] : differences)
    }
    return old
  }

  /// Does the blocks that `state` lacks, in order, and writes it to `checkpoint` now and then, at the
  /// end and when the task is cancelled.
  ///
  /// Blocks are finished in any order but added in theirs: the state is always that of a run of blocks
  /// from the first on, so that to resume is to go on behind it.
  ///
  /// - Returns: The state, which is complete unless the task was cancelled.
  package func run(
    from state: SweepCertificate, checkpoint: String,
    progress: @escaping @Sendable (_ done: UInt64, _ total: UInt64) -> Void
  ) async throws -> SweepCertificate {
    var state = state
    try state.write(to: checkpoint)
    let blockSize = UInt64(plan.blockSize)
    let first = Int(state.done / blockSize)
    var written = ContinuousClock.now
    let blocks = OrderedPieces(
      of: plan.blocks.upperBound - first, pieceSize: 1, threadCount: threadCount)
    do {
      try await blocks.forEach { [plan] piece in
        try plan.tally(block: first + piece.lowerBound)
      } consume: { piece, tally in
        state.tally.add(tally)
        state.done = UInt64(first + piece.upperBound) * blockSize
        progress(state.done - state.first, state.end - state.first)
        if ContinuousClock.now - written > checkpointInterval {
          try state.write(to: checkpoint)
          written = .now
        }
      }
    } catch is CancellationError {
      // What is done is the answer.
    }
    try state.write(to: checkpoint)
    return state
  }
}
