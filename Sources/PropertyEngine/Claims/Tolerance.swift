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

  /// The absolute error that each output of rows may have, where that is beyond the unconditional ulps;
  /// nil where there is no such allowance.
  ///
  /// Where the outputs have a wider format than the logits, so have the sums: what is kept of them
  /// in the logits' is lost for no reason.
  func absoluteErrors(of rows: LossRows, _ contract: CheckContract) -> [Double]? {
    guard self == .rounding else { return nil }
    let (function, options) = (contract.function, contract.options)
    let outputsPerRow = function.hasOutputPerClass ? rows.classCount : 1
    let format = contract.computingFormat
    let rows = rows.reinterpreted(in: format)
    let bounds = Implementations.common(function).flatMap { Self.bounds(of: $0, for: rows) }
    let (weight, isPlain) = (options.greatestFactor, options.present.isEmpty)
    let flushed = contract.outputFormat.leastNormal.double
    let scales = Self.scales(of: rows)
    return (0..<rows.count * outputsPerRow).map { place in
      let (analysed, scale) = (bounds?[place] ?? .infinity, scales[place / outputsPerRow])
      let bound = analysed.isFinite ? analysed : scale
      // Options weight the terms, and the powers of focal losses multiply their relative errors.
      return (isPlain ? bound : 16 * weight * max(bound, scale)) * Self.factor + flushed
    }
  }

  /// What analysis allows each output of a form; infinite where it says nothing.
  private static func bounds(of form: any Implementation, for rows: LossRows) -> [Double]? {
    if let computed = form.evaluate(rows, withBounds: true) { return computed.bounds }
    // One row that it does not take, with a label to be ignored, speaks for no other.
    let count = form.function.hasOutputPerClass ? rows.classCount : 1
    return rows.count == 1
      ? nil
      : (0..<rows.count).flatMap { row in
        form.evaluate(rows.selecting([row]), withBounds: true)?.bounds
          ?? [Double](repeating: .infinity, count: count)
      }
  }

  /// Whether a loss may be infinite where the exact one is finite: the common form multiplies
  /// differences of logits, one of which overflows, by probabilities.
  func allowsInfinity(at input: LossInput, _ contract: CheckContract) -> Bool {
    guard self == .rounding, contract.function == .crossEntropy, input.isFinite else {
      return false
    }
    let logits = input.logits.map(\.double)
    guard let least = logits.min(), let greatest = logits.max() else { return false }
    let difference = FloatValue(greatest - least)
    return !contract.computingFormat.rounded(difference, .nearestEven).isFinite
  }

  /// What a rounding of the largest intermediate result of each row amounts to, some dozens of times.
  private static func scales(of rows: LossRows) -> [Double] {
    let (unit, count) = (rows.format.unitRoundoff, rows.classCount)
    let doubles = rows.logits.doubles
    return (0..<rows.count).map { row in
      var greatest = 0.0
      for place in row * count..<(row + 1) * count {
        let logit = doubles.isEmpty ? rows.logits[place].double : doubles[place]
        greatest = max(greatest, logit.magnitude)
      }
      return 64 * unit * (greatest + Double(count) * unit + 1)
    }
  }
}

extension CheckContract {
  /// The format that the loss may be computed in: that of the outputs, where it holds the logits.
  fileprivate var computingFormat: FloatFormat {
    let holds =
      outputFormat.precision >= format.precision
      && outputFormat.greatestExponent >= format.greatestExponent
      && outputFormat.leastSubnormal.exponent <= format.leastSubnormal.exponent
    return holds ? outputFormat : format
  }
}

extension LossRows {
  /// The same rows as numbers of a format that holds them.
  fileprivate func reinterpreted(in format: FloatFormat) -> LossRows {
    guard format != self.format else { return self }
    var rows = LossRows(format, classCount: classCount, targetKind: targetKind)
    for row in 0..<count { rows.append(self[row]) }
    return rows
  }
}

extension LossOptions {
  /// The largest factor that a term of the loss is multiplied with.
  fileprivate var greatestFactor: Double {
    let weights = (classWeights ?? []) + [positiveWeight, focalAlpha, zLoss].compactMap(\.self)
    return weights.map(\.double).reduce(1, max) / min(1, temperature?.double ?? 1)
  }
}
