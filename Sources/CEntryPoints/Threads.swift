internal import CLossOracle
internal import Dispatch
internal import LossFunctions
internal import Reference
internal import SmallFoundation
internal import Synchronization

/// The process that the library's threads are of. A forked child has none of them, and begins no new
/// ones: what would wait for them would wait for ever.
enum Threads {
  private static let process = Atomic<pid_t>(0)

  /// libdispatch counts threads by these files, and ends the process where it does not find them.
  private static let hasFiles: Bool = {
    #if os(Linux)
      access("/proc/self/task", R_OK) == 0
    #else
      true
    #endif
  }()

  /// Why no threads may be used in this process; nil where they may, and from then on in no child of it.
  static func refusal() -> EntryError? {
    guard hasFiles else {
      return EntryError(LO_FAILED, "/proc is not mounted, which threads need here")
    }
    let own = getpid()
    let (exchanged, other) = process.compareExchange(
      expected: 0, desired: own, ordering: .relaxed)
    return exchanged || other == own ? nil : .forked
  }

  /// Whether threads may be used in this process.
  static func mayBeUsed() -> Bool { refusal() == nil }

  /// The number of threads for a call.
  static func count() -> Int { mayBeUsed() ? OrderedPieces.coreCount : 1 }

  /// Calls `body` with all pieces, on several threads where there is more than one.
  ///
  /// - Throws: The error of the first piece that has one.
  static func forEach(
    _ pieces: OrderedPieces, _ body: @Sendable (Range<Int>) throws -> Void
  ) throws {
    guard pieces.count > 1, mayBeUsed() else {
      for piece in 0..<pieces.count { try body(pieces.range(piece)) }
      return
    }
    let first = Mutex<(piece: Int, error: any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: pieces.count) { piece in
      guard first.withLock({ $0.map { $0.piece > piece } ?? true }) else { return }
      do {
        try withStandardArithmetic { try body(pieces.range(piece)) }
      } catch {
        first.withLock { if $0.map({ $0.piece > piece }) ?? true { $0 = (piece, error) } }
      }
    }
    if let error = first.withLock({ $0?.error }) { throw error }
  }
}
