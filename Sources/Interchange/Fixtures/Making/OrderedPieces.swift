/// Work that is cut into pieces, done on several threads, and handed over in order.
struct OrderedPieces {
  /// The number of pieces.
  let count: Int
  /// How many are worked on at a time.
  let threadCount: Int

  /// Calls `consume` with the result of each piece, in order.
  ///
  /// No piece is begun that is far ahead of the one that is waited for, so that memory does not grow
  /// with the number of pieces.
  ///
  /// - Throws: What either throws; `CancellationError` where the task is cancelled.
  func forEach<Output: Sendable>(
    _ make: @escaping @Sendable (Int) throws -> Output, consume: (Int, Output) throws -> Void
  ) async throws {
    let window = max(threadCount, 1) * 2
    try await withThrowingTaskGroup(of: (Int, Output).self) { group in
      var (begun, running, consumed) = (0, 0, 0)
      var waiting: [Int: Output] = [:]
      while consumed < count {
        while begun < count, running < max(threadCount, 1), begun < consumed + window {
          let index = begun
          group.addTask { (index, try make(index)) }
          begun += 1
          running += 1
        }
        guard let (index, output) = try await group.next() else { return }
        running -= 1
        waiting[index] = output
        while let output = waiting.removeValue(forKey: consumed) {
          try Task.checkCancellation()
          try consume(consumed, output)
          consumed += 1
        }
      }
    }
  }
}
