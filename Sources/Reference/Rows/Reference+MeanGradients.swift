package import FloatFormats
package import LossFunctions
package import Multiprecision

extension Reference {
  /// The gradients of some rows by the mean of a batch's losses, correctly rounded: those of the rows, over what the
  /// mean divides by.
  ///
  /// Enclosures are divided before they are rounded. What that leaves undecided, and only that, goes to MPFR.
  ///
  /// - Throws: `invalidInput`, for the first row that is not one.
  /// - Complexity: That of `evaluate`.
  package func gradients(
    _ function: LossFunction, _ rows: LossRows, of mean: MeanParts, options: LossOptions,
    in format: FloatFormat, rounding direction: RoundingDirection
  ) throws(ReferenceError) -> CertifiedRows {
    try validate(function, rows, options)
    return withStandardArithmetic {
      certified(function, rows, options.ofRows, in: format, direction, mean: mean)
    }
  }

  /// The same of float32, through pointers: as `fill`, with weights and an ignored label as well.
  ///
  /// - Returns: Whether it could, which other options and far denominators keep it from.
  package func fill(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ function: LossFunction, of mean: MeanParts,
    logits: UnsafeBufferPointer<Float>, classCount: Int, targets: [Int32], threadCount: Int
  ) throws(ReferenceError) -> Bool {
    guard function == .crossEntropyGradient,
      let factors = MeanFactors(mean, classCount: classCount),
      let tier = FloatBulkTier(function, in: .float32, times: factors)
    else { return false }
    _ = try targets.withUnsafeBufferPointer { labels throws(ReferenceError) in
      try BulkFill(
        function, classCount: classCount, targets: BulkTargets(labels: labels), format: .float32,
        tier: tier, mean: mean
      ).run(logits, into: outputs, threadCount: threadCount)
    }
    return true
  }

  /// The same of the binary gradient, of logits or of probabilities, with numbers as targets.
  package func fill(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ function: LossFunction, of mean: MeanParts,
    logits: UnsafeBufferPointer<Float>, targets: UnsafeBufferPointer<Float>, threadCount: Int
  ) throws(ReferenceError) -> Bool {
    guard function == .binaryCrossEntropyGradient, let options = mean.parts.first?.options,
      let factors = MeanFactors(mean, classCount: 1)
    else { return false }
    let targets = BulkTargets(numbers: targets)
    if options.input == .logits {
      _ = try BulkFill(
        function, classCount: 1, targets: targets, format: .float32,
        tier: FloatBulkTier(function, in: .float32, times: factors), mean: mean
      ).run(logits, into: outputs, threadCount: threadCount)
    } else {
      _ = try BulkFill(
        function, of: options.input, classCount: 1, targets: targets, format: .float32,
        tier: ProbabilityBulkTier(function, of: options.input, in: .float32, times: factors),
        mean: mean
      ).run(logits, into: outputs, threadCount: threadCount)
    }
    return true
  }

  /// The same in float64, of logits.
  package func fill(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ function: LossFunction, of mean: MeanParts,
    logits: UnsafeBufferPointer<Double>, targets: UnsafeBufferPointer<Double>, threadCount: Int
  ) throws(ReferenceError) -> Bool {
    guard function == .binaryCrossEntropyGradient, mean.parts.first?.options.input == .logits,
      let factors = MeanFactors(mean, classCount: 1),
      let tier = DoubleBulkTier(function, times: factors)
    else { return false }
    _ = try BulkFill(
      function, classCount: 1, targets: BulkTargets(numbers: targets), format: .float64, tier: tier,
      mean: mean
    ).run(logits, into: outputs, threadCount: threadCount)
    return true
  }

  /// The same of float64 and few classes.
  package func fill(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ function: LossFunction, of mean: MeanParts,
    logits: UnsafeBufferPointer<Double>, classCount: Int, targets: [Int32], threadCount: Int
  ) throws(ReferenceError) -> Bool {
    guard function == .crossEntropyGradient, RowTier.isSmall(classCount: classCount),
      let factors = MeanFactors(mean, classCount: classCount),
      let tier = DoubleBulkTier(function, times: factors)
    else { return false }
    _ = try targets.withUnsafeBufferPointer { labels throws(ReferenceError) in
      try BulkFill(
        function, classCount: classCount, targets: BulkTargets(labels: labels), format: .float64,
        tier: tier, mean: mean
      ).run(logits, into: outputs, threadCount: threadCount)
    }
    return true
  }
}

extension LossOptions {
  /// Those of a row, of which no mean is taken.
  var ofRows: LossOptions {
    var options = self
    options.denominator = nil
    return options
  }
}
