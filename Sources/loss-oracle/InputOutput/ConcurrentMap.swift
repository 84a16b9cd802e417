internal import Foundation

/// Maps a list on all cores, in order.
enum ConcurrentMap {
  /// The results in the order of the elements, whatever the number of threads.
  static func map<Element: Sendable, Output: Sendable>(
    _ elements: [Element], _ transform: @escaping @Sendable (Element) -> Output
  ) async -> [Output] {
    let threadCount = ProcessInfo.processInfo.activeProcessorCount
    guard threadCount > 1, elements.count > 1 else { return elements.map(transform) }
    // Several pieces a thread, so that one slow row does not hold up the rest.
    let size = max(1, elements.count / (threadCount * 4))
    let starts = stride(from: 0, to: elements.count, by: size)
    return await withTaskGroup(of: (Int, [Output]).self) { group in
      for start in starts {
        let piece = elements[start..<min(start + size, elements.count)]
        group.addTask { (start, piece.map(transform)) }
      }
      var pieces: [(Int, [Output])] = []
      for await piece in group { pieces.append(piece) }
      return pieces.sorted { $0.0 < $1.0 }.flatMap(\.1)
    }
  }
}
