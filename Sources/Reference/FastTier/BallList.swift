/// A ball for each class of a row, kept for a stretch of them.
struct BallList {
  private let stretch: Stretch
  private let column: BallColumn
  private let scratch: UnsafeMutablePointer<Double>
  private let fill: Fill

  /// Fills a column with the balls of some classes, with room for three numbers for each.
  typealias Fill = (_ classes: Range<Int>, BallColumn, UnsafeMutablePointer<Double>) -> Void

  /// Calls `body` with balls that `fill` computes.
  static func with<Output>(
    _ count: Int, _ fill: Fill, _ body: (BallList) -> Output
  ) -> Output? {
    let capacity = Stretch.capacity(count)
    return withoutActuallyEscaping(fill) { fill in
      withAlignedScratch(of: Double.self, capacity: Stretch.scratchCount + 6 * capacity) {
        $0.baseAddress.map { start in
          let numbers = start + Stretch.scratchCount
          return body(
            BallList(
              stretch: Stretch(count, start), column: BallColumn(numbers),
              scratch: numbers + 3 * capacity, fill: fill))
        }
      }
    }
  }

  subscript(index: Int) -> Ball {
    column[stretch.place(index) { fill($0, column, scratch) }]
  }

  var sum: Ball { .sum(stretch.count) { self[$0] } }
}
