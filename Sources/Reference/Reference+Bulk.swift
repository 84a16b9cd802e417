public import FloatFormats
public import LossFunctions

extension Reference {
  /// Correctly rounded values of many rows at once: those of `evaluate`, bit for bit, at the speed of
  /// double arithmetic. What its proven bound leaves undecided goes to `evaluate`.
  ///
  /// - Parameters:
  ///   - outputs: Room for all values, row by row: one a row, one a class, or the three of a shard.
  ///   - function: Any; those of one logit take rows of one class.
  ///   - input: What the numbers of the rows are: logits, probabilities or their logarithms.
  ///   - logits: rows × classCount numbers of `format`.
  ///   - targets: A class label for each row, 0 or 1 for the binary functions; empty for functions
  ///     without a target.
  ///   - format: One that float32 holds.
  ///   - threadCount: The number of threads; the values do not depend on it.
  /// - Returns: The number of rows of which MPFR decided a value.
  /// - Throws: `invalidInput` for a target that is none, and counts that do not go together.
  /// - Complexity: O(n) time, O(1) memory a thread; what is left to MPFR takes O(classCount).
  public func fill(
    _ outputs: inout MutableSpan<Float>, _ function: LossFunction, of input: InputKind = .logits,
    logits: Span<Float>, classCount: Int, targets: [Int32], in format: FloatFormat = .float32,
    threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    try outputs.withUnsafeMutableBufferPointer { outputs throws(ReferenceError) in
      try logits.withUnsafeBufferPointer { logits throws(ReferenceError) in
        try fill(
          outputs, function, of: input, logits: logits, classCount: classCount, targets: targets,
          in: format, threadCount: threadCount)
      }
    }
  }

  /// The same with numbers as targets, in [0, 1] or NaN: one for each logit, numbers of `format`. Those of the binary
  /// functions are as fast as labels where they are 0 and 1, and half as fast between.
  public func fill(
    _ outputs: inout MutableSpan<Float>, _ function: LossFunction, of input: InputKind = .logits,
    logits: Span<Float>, classCount: Int, targets: Span<Float>, in format: FloatFormat = .float32,
    threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    try outputs.withUnsafeMutableBufferPointer { outputs throws(ReferenceError) in
      try logits.withUnsafeBufferPointer { logits throws(ReferenceError) in
        try targets.withUnsafeBufferPointer { targets throws(ReferenceError) in
          try fill(
            outputs, function, of: input, logits: logits, classCount: classCount, targets: targets,
            in: format, threadCount: threadCount)
        }
      }
    }
  }

  /// The same for float64 logits and values, through double-double arithmetic: of probabilities as
  /// fast as by `evaluate`.
  public func fill(
    _ outputs: inout MutableSpan<Double>, _ function: LossFunction, of input: InputKind = .logits,
    logits: Span<Double>, classCount: Int, targets: [Int32], threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    try outputs.withUnsafeMutableBufferPointer { outputs throws(ReferenceError) in
      try logits.withUnsafeBufferPointer { logits throws(ReferenceError) in
        try fill(
          outputs, function, of: input, logits: logits, classCount: classCount, targets: targets,
          threadCount: threadCount)
      }
    }
  }

  /// The same for float64 with numbers as targets. Only 0 and 1 are as fast as labels.
  public func fill(
    _ outputs: inout MutableSpan<Double>, _ function: LossFunction, of input: InputKind = .logits,
    logits: Span<Double>, classCount: Int, targets: Span<Double>, threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    try outputs.withUnsafeMutableBufferPointer { outputs throws(ReferenceError) in
      try logits.withUnsafeBufferPointer { logits throws(ReferenceError) in
        try targets.withUnsafeBufferPointer { targets throws(ReferenceError) in
          try fill(
            outputs, function, of: input, logits: logits, classCount: classCount, targets: targets,
            threadCount: threadCount)
        }
      }
    }
  }

  /// The same through pointers, for those who share them with C.
  public func fill(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ function: LossFunction,
    of input: InputKind = .logits, logits: UnsafeBufferPointer<Float>, classCount: Int,
    targets: [Int32], in format: FloatFormat = .float32, threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    try targets.withUnsafeBufferPointer { labels throws(ReferenceError) in
      try fill(
        outputs, function, of: input, logits, classCount, BulkTargets(labels: labels), format,
        threadCount)
    }
  }

  /// The same with numbers as targets.
  public func fill(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ function: LossFunction,
    of input: InputKind = .logits, logits: UnsafeBufferPointer<Float>, classCount: Int,
    targets: UnsafeBufferPointer<Float>, in format: FloatFormat = .float32, threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    try fill(
      outputs, function, of: input, logits, classCount, BulkTargets(numbers: targets), format,
      threadCount)
  }

  /// The same through pointers, for float64.
  public func fill(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ function: LossFunction,
    of input: InputKind = .logits, logits: UnsafeBufferPointer<Double>, classCount: Int,
    targets: [Int32], threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    try targets.withUnsafeBufferPointer { labels throws(ReferenceError) in
      try fill(
        outputs, function, of: input, logits, classCount, BulkTargets(labels: labels), threadCount)
    }
  }

  /// The same for float64 with numbers as targets.
  public func fill(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ function: LossFunction,
    of input: InputKind = .logits, logits: UnsafeBufferPointer<Double>, classCount: Int,
    targets: UnsafeBufferPointer<Double>,
    threadCount: Int = 1
  ) throws(ReferenceError) -> Int {
    try fill(
      outputs, function, of: input, logits, classCount, BulkTargets(numbers: targets), threadCount)
  }

  private func fill(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ function: LossFunction, of input: InputKind,
    _ logits: UnsafeBufferPointer<Float>, _ classCount: Int, _ targets: BulkTargets<Float>,
    _ format: FloatFormat, _ threadCount: Int
  ) throws(ReferenceError) -> Int {
    guard format.exponentBitCount <= 8, format.fractionBitCount <= 23 else {
      throw .invalidInput(.formatTooWide(format))
    }
    guard input == .logits else {
      guard function.inputs.contains(input) else {
        throw .invalidInput(.optionNotApplicable(.input, function))
      }
      return try BulkFill(
        function, of: input, classCount: classCount, targets: targets, format: format,
        tier: ProbabilityBulkTier(function, of: input, in: format)
      ).run(logits, into: outputs, threadCount: threadCount)
    }
    return try BulkFill(
      function, classCount: classCount, targets: targets, format: format,
      tier: function.isOfShards ? nil : FloatBulkTier(function, in: format)
    ).run(logits, into: outputs, threadCount: threadCount)
  }

  private func fill(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ function: LossFunction, of input: InputKind,
    _ logits: UnsafeBufferPointer<Double>, _ classCount: Int, _ targets: BulkTargets<Double>,
    _ threadCount: Int
  ) throws(ReferenceError) -> Int {
    guard function.inputs.contains(input) else {
      throw .invalidInput(.optionNotApplicable(.input, function))
    }
    return try BulkFill(
      function, of: input, classCount: classCount, targets: targets, format: .float64,
      tier: function.isOfShards || input != .logits ? nil : DoubleBulkTier(function)
    ).run(logits, into: outputs, threadCount: threadCount)
  }
}
