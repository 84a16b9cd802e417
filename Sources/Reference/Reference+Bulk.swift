public import FloatFormats
public import LossFunctions

extension Reference {
  /// Correctly rounded values of many rows at once: those of `evaluate`, bit for bit, at the speed of
  /// double arithmetic. What its proven bound leaves undecided goes to MPFR.
  ///
  /// - Parameters:
  ///   - outputs: Room for all values, row by row: one a row, one a class, or the three of a shard.
  ///   - function: Any; those of one logit take rows of one class.
  ///   - logits: rows × classCount numbers of `format`.
  ///   - targets: A class label for each row, 0 or 1 for the binary functions; empty for functions
  ///     without a target.
  ///   - format: One that float32 holds.
  ///   - threadCount: The number of threads; the values do not depend on it.
  /// - Returns: The number of rows of which MPFR decided a value, those of infinite and NaN logits among
  ///   them.
  /// - Throws: `invalidInput` for a label that is not a class, and counts that do not go together.
  /// - Complexity: O(n) time; for outputs by class O(classCount) memory a thread, else O(1).
  public func fill(
    _ outputs: inout MutableSpan<Float>, _ function: LossFunction, logits: Span<Float>,
    classCount: Int, targets: [Int32], in format: FloatFormat = .float32, threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    try outputs.withUnsafeMutableBufferPointer { outputs throws(ReferenceError) in
      try logits.withUnsafeBufferPointer { logits throws(ReferenceError) in
        try fill(
          outputs, function, logits: logits, classCount: classCount, targets: targets, in: format,
          threadCount: threadCount)
      }
    }
  }

  /// The same for float64 logits and values, through double-double arithmetic.
  public func fill(
    _ outputs: inout MutableSpan<Double>, _ function: LossFunction, logits: Span<Double>,
    classCount: Int, targets: [Int32], threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    try outputs.withUnsafeMutableBufferPointer { outputs throws(ReferenceError) in
      try logits.withUnsafeBufferPointer { logits throws(ReferenceError) in
        try fill(
          outputs, function, logits: logits, classCount: classCount, targets: targets,
          threadCount: threadCount)
      }
    }
  }

  /// The same through pointers, for those who share them with C.
  public func fill(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ function: LossFunction,
    logits: UnsafeBufferPointer<Float>, classCount: Int, targets: [Int32],
    in format: FloatFormat = .float32, threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    guard format.exponentBitCount <= 8, format.fractionBitCount <= 23 else {
      throw .invalidInput(.formatTooWide(format))
    }
    return try BulkFill(
      function, classCount: classCount, targets: targets, format: format,
      tier: function.isOfShards ? nil : FloatBulkTier(function, in: format)
    ).run(logits, into: outputs, threadCount: threadCount)
  }

  /// The same through pointers, for float64.
  public func fill(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ function: LossFunction,
    logits: UnsafeBufferPointer<Double>, classCount: Int, targets: [Int32], threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    try BulkFill(
      function, classCount: classCount, targets: targets, format: .float64,
      tier: function.isOfShards ? nil : DoubleBulkTier(function)
    ).run(logits, into: outputs, threadCount: threadCount)
  }
}
