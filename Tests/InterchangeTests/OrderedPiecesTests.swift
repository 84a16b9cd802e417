import LossFunctions
import Testing

@Suite struct `Work in ordered pieces` {
  @Test(arguments: [1, 2, 7], [1, 3, 1000])
  func `is handed over in order, every element once`(threadCount: Int, pieceSize: Int) async throws
  {
    let pieces = OrderedPieces(of: 100, pieceSize: pieceSize, threadCount: threadCount)
    var seen: [Int] = []
    try await pieces.forEach {
      Array($0)
    } consume: { range, output in
      #expect(Array(range) == output)
      seen += output
    }
    #expect(seen == Array(0..<100))
    #expect(await pieces.flatMap { $0.map { $0 * 2 } } == (0..<100).map { $0 * 2 })
  }

  @Test func `of nothing, or of more than there is memory for, is cut all the same`() async throws {
    #expect(OrderedPieces(of: 0).count == 0 && OrderedPieces(of: -3).count == 0)
    #expect(await concurrentMap([Int]()) { $0 } == [])
    let endless = OrderedPieces(of: .max, pieceSize: 3, threadCount: 2)
    #expect(endless.range(endless.count - 1) == Int.max - 1..<Int.max)
    struct Enough: Error {}
    // A piece that fails ends it, though the others have no end.
    await #expect(throws: Enough.self) {
      try await endless.forEach { range in
        if range.lowerBound > 300 { throw Enough() }
        return 0
      } consume: { _, _ in
      }
    }
    await #expect(throws: Enough.self) {
      try await endless.forEach { _ in
        0
      } consume: { range, _ in
        if range.lowerBound > 300 { throw Enough() }
      }
    }
  }

  @Test func `ends when the task is cancelled`() async {
    let (began, signal) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      try await OrderedPieces(of: .max, pieceSize: 1).forEach { _ in
        0
      } consume: { _, _ in
        signal.yield()
      }
    }
    for await _ in began { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
