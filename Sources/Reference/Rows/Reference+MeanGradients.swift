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
    guard function == .crossEntropyGradient, mean.input == .logits,
      let factors = MeanFactors(mean, classCount: classCount),
      let tier = FloatBulkTier(function, in: .float32, times: factors)
    else { return false }
    return try targets.withUnsafeBufferPointer { labels throws(ReferenceError) in
      try fill(
        outputs, function, of: mean, logits, classCount, BulkTargets(labels: labels), .float32,
        tier, threadCount)
    }
  }

  /// The same of the binary gradient, of logits or of probabilities, with numbers as targets.
  package func fill(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ function: LossFunction, of mean: MeanParts,
    logits: UnsafeBufferPointer<Float>, targets: UnsafeBufferPointer<Float>, threadCount: Int
  ) throws(ReferenceError) -> Bool {
    guard function == .binaryCrossEntropyGradient, let factors = MeanFactors(mean, classCount: 1)
    else { return false }
    let targets = BulkTargets(numbers: targets)
    guard mean.input == .logits else {
      return try fill(
        outputs, function, of: mean, logits, 1, targets, .float32,
        ProbabilityBulkTier(function, of: mean.input, in: .float32, times: factors), threadCount)
    }
    return try fill(
      outputs, function, of: mean, logits, 1, targets, .float32,
      FloatBulkTier(function, in: .float32, times: factors), threadCount)
  }

  /// The same in float64, of logits.
  package func fill(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ function: LossFunction, of mean: MeanParts,
    logits: UnsafeBufferPointer<Double>, targets: UnsafeBufferPointer<Double>, threadCount: Int
  ) throws(ReferenceError) -> Bool {
    guard function == .binaryCrossEntropyGradient, mean.input == .logits,
      let factors = MeanFactors(mean, classCount: 1),
      let tier = DoubleBulkTier(function, times: factors)
    else { return false }
    return try fill(
      outputs, function, of: mean, logits, 1, BulkTargets(numbers: targets), .float64, tier,
      threadCount)
  }

  /// The same of float64 and few classes.
  package func fill(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ function: LossFunction, of mean: MeanParts,
    logits: UnsafeBufferPointer<Double>, classCount: Int, targets: [Int32], threadCount: Int
  ) throws(ReferenceError) -> Bool {
    guard function == .crossEntropyGradient, mean.input == .logits,
      RowTier.isSmall(classCount: classCount),
      let factors = MeanFactors(mean, classCount: classCount),
      let tier = DoubleBulkTier(function, times: factors)
    else { return false }
    return try targets.withUnsafeBufferPointer { labels throws(ReferenceError) in
      try fill(
        outputs, function, of: mean, logits, classCount, BulkTargets(labels: labels), .float64,
        tier, threadCount)
    }
  }

  /// The same by a tier that knows the mean's factors; nil leaves all rows to `gradients`.
  private func fill<Tier: BulkTier>(
    _ outputs: UnsafeMutableBufferPointer<Tier.Number>, _ function: LossFunction,
    of mean: MeanParts, _ logits: UnsafeBufferPointer<Tier.Number>, _ classCount: Int,
    _ targets: BulkTargets<Tier.Number>, _ format: FloatFormat, _ tier: Tier?, _ threadCount: Int
  ) throws(ReferenceError) -> Bool {
    _ = try BulkFill(
      function, of: mean.input, classCount: classCount, targets: targets, format: format,
      tier: tier, mean: mean
    ).run(logits, into: outputs, threadCount: threadCount)
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
