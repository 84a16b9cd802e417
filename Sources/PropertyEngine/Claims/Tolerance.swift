internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import Multiprecision

/// How far from the exact value outputs may be.
public enum Tolerance: Hashable, Sendable {
  /// So many ulps; infinite to allow every finite error.
  case ulps(Double)
  /// What rounding explains: a few ulps, or a few times what running error analysis allows the form
  /// that is in common use, from logits with the maximum taken off. Results below the normal range
  /// may be flushed to 0.
  case rounding

  /// The tolerance in one line.
  public var statement: String {
    switch self {
    case .ulps(let count):
      count.isFinite ? "errors of at most \(count) ulp" : "finite outputs"
    case .rounding:
      "errors of at most \(Int(Self.leastULPs)) ulp, or of \(Int(Self.factor)) times what rounding "
        + "allows the common form"
    }
  }

  /// The ulps that are allowed whatever the row.
  var unconditionalULPs: Double {
    switch self {
    case .ulps(let count): count
    case .rounding: Self.leastULPs
    }
  }

  private static let leastULPs = 4.0
  /// For other orders of summation, and exponentials of a few ulps.
  private static let factor = 4.0

  /// The absolute error that each output of a row may have, where that is beyond the unconditional
  /// ulps; nil where there is no such allowance.
  func absoluteErrors(
    _ function: LossFunction, _ input: LossInput, _ options: LossOptions, in format: FloatFormat
  ) -> [Double]? {
    guard self == .rounding else { return nil }
    let count = function.hasOutputPerClass ? input.logits.count : 1
    let bounds = function.commonForm?.errorBounds(input, in: format)
    let fallback = Self.scale(of: input, in: format)
    let weight = options.greatestFactor
    return (0..<count).map { index in
      var bound = fallback
      if let bounds, bounds.indices.contains(index), bounds[index].isFinite {
        bound = bounds[index]
      }
      // Options weight the terms, and the powers of focal losses multiply their relative errors.
      return (options.present.isEmpty ? bound : 16 * weight * max(bound, fallback)) * Self.factor
        + format.leastNormal.double
    }
  }

  /// Whether a loss may be infinite where the exact one is finite: the common form multiplies
  /// differences of logits, one of which overflows, by probabilities.
  func allowsInfinity(
    _ function: LossFunction, _ input: LossInput, in format: FloatFormat
  ) -> Bool {
    guard self == .rounding, function == .crossEntropy, input.isFinite else { return false }
    let logits = input.logits.map(\.double)
    guard let least = logits.min(), let greatest = logits.max() else { return false }
    return !format.rounded(FloatValue(greatest - least), .nearestEven).isFinite
  }

  /// What a rounding of the largest intermediate result amounts to, some dozens of times.
  private static func scale(of input: LossInput, in format: FloatFormat) -> Double {
    let greatest = input.logits.map { $0.double.magnitude }.max() ?? 0
    let unit = format.unitRoundoff
    return 64 * unit * (greatest + Double(input.logits.count) * unit + 1)
  }
}

extension LossFunction {
  /// The form that frameworks have in common, whose rounding errors are unavoidable to most.
  private var commonFormName: String {
    switch self {
    case .sigmoid: "two-case"
    case .logSigmoid, .softplus: "stable"
    case .logSumExp, .softmax, .logSoftmax: "shifted"
    case .binaryCrossEntropy: "logits"
    case .crossEntropy: "log-softmax"
    case .binaryCrossEntropyGradient, .crossEntropyGradient: "fused"
    }
  }

  fileprivate var commonForm: (any Implementation)? {
    Implementations.all.first { $0.function == self && $0.name == commonFormName }
  }
}

extension LossOptions {
  /// The largest factor that a term of the loss is multiplied with.
  fileprivate var greatestFactor: Double {
    let weights = (classWeights ?? []) + [positiveWeight, focalAlpha, zLoss].compactMap(\.self)
    return weights.map(\.double).reduce(1, max) / min(1, temperature?.double ?? 1)
  }
}
