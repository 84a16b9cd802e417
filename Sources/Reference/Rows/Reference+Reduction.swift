package import FloatFormats
package import LossFunctions
package import Multiprecision

extension Reference {
  /// The outputs of a batch, correctly rounded: the one value of a reduced loss, or else those of each row,
  /// gradients of a mean among them.
  ///
  /// - Returns: The values; of what no theorem settles and stays undecided, why.
  /// - Throws: `invalidInput`, for the first row that is not one.
  package func evaluate(
    _ function: LossFunction, batch rows: LossRows, reduction: Reduction, options: LossOptions,
    in format: FloatFormat, rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> CertifiedRows {
    guard reduction == .mean || options.denominator == nil else {
      throw .invalidInput(.denominatorWithoutMean)
    }
    if reduction == .none || function.isGradient {
      return reduction == .mean && rows.count > 0
        ? try gradientsOfMean(function, rows, options: options, in: format, rounding: direction)
        : try evaluate(function, rows, options: options, in: format, rounding: direction)
    }
    if rows.count > 0,
      let value = try self.reduction(
        reduction, of: function, rows, options: options, in: format, rounding: direction)
    {
      return CertifiedRows([value], in: format)
    }
    var result = CertifiedRows(format, rowCount: 1, outputsPerRow: 1)
    guard
      case .reduced(let value) = try exact(
        function, batch: (0..<rows.count).map { rows[$0] }, reduction: reduction, options: options)
    else { return result }
    do {
      for value in try value.rounded(to: format, direction) { result.put(value, at: 0) }
    } catch {
      result.leaveUndecided(0, error)
    }
    return result
  }

  /// The sum or the mean of the losses of rows, correctly rounded, where the certified values of the rows
  /// in float64 decide it: each is known to within 2⁻¹⁵ of its ulp, and so then is their sum.
  ///
  /// - Returns: nil where they do not, as for float64 itself, or where one of them is not finite; then
  ///   `exact(_:batch:reduction:options:)` does.
  /// - Throws: `invalidInput`, for the first row that is not one.
  /// - Complexity: That of `evaluate`, and some hundred nanoseconds for each row.
  func reduction(
    _ reduction: Reduction, of function: LossFunction, _ rows: LossRows, options: LossOptions,
    in format: FloatFormat, rounding direction: RoundingDirection
  ) throws(ReferenceError) -> CertifiedValue? {
    let parts = options.partsOfMean
    var losses: [CertifiedRows] = []
    for part in parts {
      losses.append(try evaluate(function, rows, options: part.ofRows, in: .float64))
    }
    return try withExactArithmetic { () throws(ReferenceError) -> CertifiedValue? in
      var lower = BigFloat(precision: CertifiedRows.sumPrecision)
      var upper = BigFloat(precision: CertifiedRows.sumPrecision)
      lower.assign(BigFloat(0), rounding: .nearestEven)
      upper.assign(BigFloat(0), rounding: .nearestEven)
      for (part, losses) in zip(parts, losses) {
        guard let sum = losses.sum else { return nil }
        let mean = MeanDenominator(
          reduction == .mean ? rows.denominator(part) : [(weight: .one, count: 1)])
        guard !mean.total.value.isZero, !mean.total.value.isNaN else { return nil }
        var least = BigFloat(precision: CertifiedRows.sumPrecision)
        var greatest = BigFloat(precision: CertifiedRows.sumPrecision)
        least.assignQuotient(sum.lower, mean.total.value, rounding: .down)
        greatest.assignQuotient(sum.upper, mean.total.value, rounding: .up)
        lower.add(least, rounding: .down)
        upper.add(greatest, rounding: .up)
      }
      let isSettled = parts.count == 1
      let attempt = Certification.Attempt(
        precision: CertifiedRows.fastPrecision,
        ground: isSettled ? function.ground(of: rows.targetKind, options) : .unsettled,
        rationalBitCount: nil)
      return CertifiedValue(
        Enclosure(lower: lower, upper: upper), format: format, direction, attempt: attempt)
    }
  }
}

extension CertifiedRows {
  fileprivate static let sumPrecision = 128

  /// The sum of the exact values, enclosed; nil where one is not finite, or not decided.
  fileprivate var sum: Enclosure? {
    guard undecided.isEmpty, format == .float64 else { return nil }
    var lower = BigFloat(precision: Self.sumPrecision)
    var upper = BigFloat(precision: Self.sumPrecision)
    lower.assign(BigFloat(0), rounding: .nearestEven)
    upper.assign(BigFloat(0), rounding: .nearestEven)
    for place in 0..<rowCount {
      let (value, residual) = (values.doubles[place], residuals[place])
      guard value.isFinite, residual.isFinite else { return nil }
      let head = BigFloat(FloatValue(value))
      // Twice what the residual may be off by, so that no sum lies on an end.
      var below = BigFloat(FloatValue((residual - 0x1p-14).nextDown))
      var above = BigFloat(FloatValue((residual + 0x1p-14).nextUp))
      below.scale(byPowerOfTwo: Int(ulpExponents[place]), rounding: .down)
      above.scale(byPowerOfTwo: Int(ulpExponents[place]), rounding: .up)
      lower.add(head, rounding: .down)
      lower.add(below, rounding: .down)
      upper.add(head, rounding: .up)
      upper.add(above, rounding: .up)
    }
    return Enclosure(lower: lower, upper: upper)
  }
}
