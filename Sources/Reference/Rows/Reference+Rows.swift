public import FloatFormats
public import LossFunctions
public import Multiprecision

extension Reference {
  /// The outputs of rows, correctly rounded: the one entry to the oracle. A single input is a row of its
  /// own.
  ///
  /// What arithmetic with a proven bound leaves undecided, and only that, goes to MPFR.
  ///
  /// - Parameters:
  ///   - rows: Valid or not; see `Throws`.
  ///   - format: That of the outputs.
  /// - Returns: The values; of rows that no theorem settles and that stay undecided, why.
  /// - Throws: `invalidInput`, for the first row that is not one.
  /// - Complexity: O(n) for n logits, some ten nanoseconds each where a bound decides.
  public func evaluate(
    _ function: LossFunction, _ rows: LossRows, options: LossOptions = LossOptions(),
    in format: FloatFormat, rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> CertifiedRows {
    var result = CertifiedRows(
      format, rowCount: rows.count,
      outputsPerRow: function.hasOutputPerClass ? rows.classCount : 1)
    for row in 0..<rows.count {
      let input = rows[row]
      do {
        result.decide(
          row,
          .success(try evaluate(function, input, options: options, in: format, rounding: direction))
        )
      } catch {
        if case .invalidInput = error { throw error }
        result.decide(row, .failure(error))
      }
    }
    return result
  }
}
