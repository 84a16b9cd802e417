internal import FastKernels
package import LossFunctions

extension LinearInput {
  /// Calls `body` with the logits of rows in double arithmetic, one row after the other; −∞ for masked classes.
  ///
  /// What they are off by is far below the roundings of float32: see `SlicedRows.error`.
  package func withLogits(of rows: [Int], _ body: (_ row: Int, _ logits: [Double]) -> Void) {
    withStandardArithmetic {
      let size = LogitBlock.rowCount(classCount: classCount)
      for start in stride(from: 0, to: rows.count, by: size) {
        let some = Array(rows[start..<min(start + size, rows.count)])
        let block = LogitBlock(
          self, rows: some, sliceCount: 1, threadCount: OrderedPieces.coreCount)
        for (place, row) in some.enumerated() {
          let logits = block.high[place * block.width..<place * block.width + classCount]
          body(row, logits.map { $0 == lo_maskedLogit ? -.infinity : $0 })
        }
      }
    }
  }
}
