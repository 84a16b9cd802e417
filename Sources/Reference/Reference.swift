public import FloatFormats
public import LossFunctions
public import Multiprecision

/// The oracle: exact values of the losses and their gradients.
///
/// A value without state. Each call works on its own memory, so calls may run on as many threads as
/// one likes, and the results do not depend on it.
public struct Reference: Sendable {
  let usesFastTier: Bool

  /// The oracle.
  ///
  /// - Parameter usesFastTier: Whether double-double arithmetic with a proven bound decides first; the values
  ///   are the same without.
  public init(usesFastTier: Bool = true) { self.usesFastTier = usesFastTier }

  /// The exact outputs of `function`, to be rounded or written out.
  ///
  /// - Throws: `invalidInput` where the function is not defined for the input.
  public func exact(
    _ function: LossFunction, _ input: LossInput, options: LossOptions = LossOptions()
  ) throws(ReferenceError) -> ExactValues {
    do {
      try function.validate(input, options)
    } catch {
      throw .invalidInput(error)
    }
    return ExactValues(function.exact(input, options))
  }

  /// The outputs of `function`, correctly rounded to `format`, one for each output.
  ///
  /// - Throws: `invalidInput`; `undecided` for the focal loss with γ > 0, for gradients with z-loss, for
  ///   entropies, divergences and target logits, and for their batches, where an enclosure of 4,096 bits does not
  ///   decide.
  /// - Complexity: O(n) exponentials of about the format's precision for n logits, in O(1) memory
  ///   beyond the outputs.
  public func evaluate(
    _ function: LossFunction, _ input: LossInput, options: LossOptions = LossOptions(),
    in format: FloatFormat, rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> [CertifiedValue] {
    do {
      try function.validate(input, options)
    } catch {
      throw .invalidInput(error)
    }
    let isDouble = input.numbers.allSatisfy { FloatFormat.float64.contains($0) }
    guard usesFastTier, isDouble else {
      return try exact(function, input, options: options).rounded(to: format, direction)
    }
    return try evaluate(
      function, LossRows(input, in: .float64), options: options, in: format, rounding: direction
    ).row(0)
  }

  /// The exact outputs of a batch: one value for a reduced loss, else one set of outputs a row,
  /// each gradient by the reduced loss.
  ///
  /// - Throws: `invalidInput`, for the first row that is not one.
  public func exact(
    _ function: LossFunction, batch rows: [LossInput], reduction: Reduction,
    options: LossOptions = LossOptions()
  ) throws(ReferenceError) -> BatchValues {
    for row in rows {
      do {
        try function.validate(row, options)
      } catch {
        throw .invalidInput(error)
      }
    }
    guard Set(rows.map(\.target.kind)).count < 2 else { throw .invalidInput(.mixedTargets) }
    guard reduction == .mean || options.denominator == nil else {
      throw .invalidInput(.denominatorWithoutMean)
    }

    let parts = options.partsOfMean.map {
      ($0, reduction == .mean ? MeanDenominator(rows, $0) : nil)
    }
    if reduction == .none || function.isGradient || !function.isOfLosses {
      return .perRow(
        rows.map { ExactValues(function.exact($0, function.isGradient ? parts : [(options, nil)])) }
      )
    }
    return .reduced(
      ExactValues(
        BatchReduction(
          parts: parts.map { part, mean in (rows.map { function.exact($0, part) }, mean) },
          hasZLoss: options.zLoss?.isZero == false)))
  }
}

extension LossFunction {
  /// A row's share of a mean of losses, which is its own value where nothing is divided.
  func exact(
    _ row: LossInput, _ parts: [(options: LossOptions, mean: MeanDenominator?)]
  ) -> any ExactFunction {
    var scaled: [ScaledByMean] = []
    for (options, mean) in parts {
      let exact = exact(row, options)
      guard let mean, !(exact is IgnoredRow) else { return exact }
      scaled.append(ScaledByMean(function: exact, mean: mean))
    }
    return scaled.count == 1 ? scaled[0] : SummedMeans(parts: scaled)
  }
}

/// The exact outputs of a batch.
public enum BatchValues: Sendable {
  /// One set of outputs for each row.
  case perRow([ExactValues])
  /// The one value of a reduced loss.
  case reduced(ExactValues)
}

/// Exact real numbers, not yet rounded: the outputs of a function at one input.
public struct ExactValues: Sendable {
  let function: any ExactFunction

  init(_ function: any ExactFunction) { self.function = function }

  /// The number of outputs.
  public var count: Int { function.count }

  /// The outputs, correctly rounded.
  ///
  /// - Throws: `undecided`, see `Reference.evaluate`.
  public func rounded(
    to format: FloatFormat, _ direction: RoundingDirection
  ) throws(ReferenceError) -> [CertifiedValue] {
    var values = [CertifiedValue?](repeating: nil, count: count)
    try Certification.round(function, Array(0..<count), to: format, direction) { values[$0] = $1 }
    return values.compactMap(\.self)
  }
}
