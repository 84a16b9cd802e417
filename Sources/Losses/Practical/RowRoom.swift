/// Room for some numbers of each class of a row, in columns: on the stack where that is a KiB, and else in one allocation
/// for all.
struct RowRoom<T> {
  private let numbers: UnsafeMutableBufferPointer<T>
  private let count: Int

  typealias Column = UnsafeMutableBufferPointer<T>

  /// Calls `body` with room for a row of `count` classes.
  @inline(__always)
  static func with<Output>(
    _ columnCount: Int, of count: Int, _ body: (RowRoom) -> Output
  ) -> Output {
    withUnsafeTemporaryAllocation(of: T.self, capacity: columnCount * count) {
      body(RowRoom(numbers: $0, count: count))
    }
  }

  subscript(column: Int) -> Column {
    Column(rebasing: numbers[column * count..<(column + 1) * count])
  }
}
