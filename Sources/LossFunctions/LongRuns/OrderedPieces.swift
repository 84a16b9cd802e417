internal import Dispatch
internal import SmallFoundation
internal import Synchronization

/// Work that is cut into pieces, done on several threads, and handed over in order: the same results
/// on any number of them.
package struct OrderedPieces: Sendable {
  /// The number of elements, of which each piece has `pieceSize` and the last what is left.
  package let elementCount: Int
  /// The number of elements of a piece.
  package let pieceSize: Int
  /// How many pieces are worked on at a time.
  package let threadCount: Int

  /// The number of threads that run at once. It is asked for once, for on Linux it stands in files.
  package static let coreCount = ProcessInfo.processInfo.activeProcessorCount

  /// Pieces of `pieceSize` elements; by default several for each thread, so that a slow one does not
  /// hold up the rest.
  package init(of elementCount: Int, pieceSize: Int? = nil, threadCount: Int? = nil) {
    self.elementCount = max(elementCount, 0)
    self.threadCount = max(threadCount ?? Self.coreCount, 1)
    self.pieceSize = max(pieceSize ?? elementCount / self.threadCount / 4, 1)
  }

  /// The elements of a piece.
  package func range(_ piece: Int) -> Range<Int> {
    let start = piece * pieceSize
    return start..<start + min(pieceSize, elementCount - start)
  }

  /// The number of pieces.
  package var count: Int { elementCount / pieceSize + (elementCount % pieceSize == 0 ? 0 : 1) }

  /// Calls `consume` with what `make` makes of each range of elements, in order.
  ///
  /// No piece is begun that is far ahead of the one that is waited for, so that memory does not grow
  /// with the number of pieces.
  ///
  /// - Throws: What either throws; `CancellationError` where the task is cancelled.
  package func forEach<Output: Sendable>(
    _ make: @escaping @Sendable (Range<Int>) throws -> Output,
    consume: (Range<Int>, Output) throws -> Void
  ) async throws {
    try await run(make) { range, output in
      try Task.checkCancellation()
      try consume(range, output)
    }
  }

  /// What `make` makes of each range of elements, one after the other; to the end, even where the task
  /// is cancelled.
  package func flatMap<Element: Sendable>(
    _ make: @escaping @Sendable (Range<Int>) -> [Element]
  ) async -> [Element] {
    var elements: [Element] = []
    elements.reserveCapacity(elementCount)
    await run(make) { _, piece in elements += piece }
    return elements
  }

  /// What `make` makes of each range of elements, in order; with a single thread on this one.
  package func map<Output: Sendable, Failure: Error>(
    _ make: @Sendable (Range<Int>) throws(Failure) -> Output
  ) throws(Failure) -> [Output] {
    let results = Mutex([Result<Output, Failure>?](repeating: nil, count: count))
    let next = Atomic(0)
    @Sendable func work() {
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard piece < count else { return }
        let result = Result { () throws(Failure) -> Output in try make(range(piece)) }
        results.withLock { $0[piece] = result }
      }
    }
    if min(threadCount, count) > 1 {
      DispatchQueue.concurrentPerform(iterations: min(threadCount, count)) { _ in work() }
    } else {
      work()
    }
    var outputs: [Output] = []
    for case .some(let result) in results.withLock({ $0 }) { outputs.append(try result.get()) }
    return outputs
  }

  private func run<Output: Sendable, Failure: Error>(
    _ make: @escaping @Sendable (Range<Int>) throws(Failure) -> Output,
    _ consume: (Range<Int>, Output) throws(Failure) -> Void
  ) async throws(Failure) {
    let failure = await withTaskGroup(of: (Int, Result<Output, Failure>).self) {
      group -> Failure? in
      var (begun, running, consumed) = (0, 0, 0)
      var waiting: [Int: Result<Output, Failure>] = [:]
      do throws(Failure) {
        while consumed < count {
          while begun < count, running < threadCount, begun - consumed < 2 * threadCount {
            let (piece, range) = (begun, range(begun))
            group.addTask {
              (piece, Result { () throws(Failure) -> Output in try make(range) })
            }
            begun += 1
            running += 1
          }
          guard let (piece, result) = await group.next() else { return nil }
          running -= 1
          waiting[piece] = result
          while let result = waiting.removeValue(forKey: consumed) {
            try consume(range(consumed), result.get())
            consumed += 1
          }
        }
        return nil
      } catch {
        group.cancelAll()
        return error
      }
    }
    if let failure { throw failure }
  }
}

/// Maps a list on all cores; the results stand in the order of the elements.
package func concurrentMap<Element: Sendable, Output: Sendable>(
  _ elements: [Element], _ transform: @escaping @Sendable (Element) -> Output
) async -> [Output] {
  await OrderedPieces(of: elements.count).flatMap { elements[$0].map(transform) }
}
