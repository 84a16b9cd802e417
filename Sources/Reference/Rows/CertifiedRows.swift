public import FloatFormats
public import LossFunctions

/// The exact outputs of rows, correctly rounded, as columns: what a number of `CertifiedValue`s is, in
/// plain memory.
///
/// An exact value is v + r·2^e: v the rounded value, r the residual in ulps and 2^e the ulp at the exact
/// value. So the error of a computed c is |(c − v)/2^e − r| ulps, to within 2⁻¹⁵ ulp.
public struct CertifiedRows: Sendable {
  /// The format of the values.
  public let format: FloatFormat
  /// The number of values of each row.
  public let outputsPerRow: Int
  /// The values, row by row; NaN in rows that are undecided.
  public internal(set) var values: NumberColumn
  /// The residual of each value; NaN for one that stands apart.
  package internal(set) var residuals: [Float]
  /// The exponent of the ulp at each exact value.
  package internal(set) var ulpExponents: [Int32]
  /// What MPFR has decided, by place: limits, and numbers that a double or a proven bound does not hold,
  /// among them.
  package internal(set) var apart: [Int: CertifiedValue] = [:]
  /// Why the values of a row are undecided: where options are such that no theorem settles them.
  package internal(set) var undecided: [Int: ReferenceError] = [:]
  /// The number of rows that were left to MPFR.
  public internal(set) var slowRowCount = 0

  /// Room for the values of so many rows, none of which is decided.
  init(_ format: FloatFormat, rowCount: Int, outputsPerRow: Int) {
    self.format = format
    self.outputsPerRow = outputsPerRow
    let count = rowCount * outputsPerRow
    if format.isWithinFloat64 {
      values = NumberColumn(format, doubles: [Double](repeating: .nan, count: count))
    } else {
      values = NumberColumn(format)
      for _ in 0..<count { values.append(FloatValue.nan) }
    }
    residuals = [Float](repeating: .nan, count: count)
    ulpExponents = [Int32](repeating: 0, count: count)
  }

  /// The number of rows.
  public var rowCount: Int { residuals.count / max(outputsPerRow, 1) }

  /// The value at a place.
  public subscript(place: Int) -> CertifiedValue {
    if let value = apart[place] { return value }
    let (value, exponent) = (values[place], Int(ulpExponents[place]))
    let residual = FloatValue(residuals[place])
    return CertifiedValue(
      value: value, approximation: value.adding(residual, scaledByPowerOfTwo: exponent),
      ulpExponent: exponent, workingPrecision: WideTier.precision, ground: .lindemannWeierstrass)
  }

  /// The values of a row.
  ///
  /// - Throws: `undecided`.
  public func row(_ row: Int) throws(ReferenceError) -> [CertifiedValue] {
    if let error = undecided[row] { throw error }
    return (row * outputsPerRow..<(row + 1) * outputsPerRow).map { self[$0] }
  }

  /// Takes the values of a row from MPFR.
  mutating func decide(_ row: Int, _ exact: Result<[CertifiedValue], ReferenceError>) {
    slowRowCount += 1
    switch exact {
    case .failure(let error): undecided[row] = error
    case .success(let decided):
      for (index, value) in decided.enumerated() {
        let place = row * outputsPerRow + index
        apart[place] = value
        values.set(value.value, at: place)
        ulpExponents[place] = Int32(value.ulpExponent)
        residuals[place] = value.residual ?? .nan
      }
    }
  }
}

extension CertifiedValue {
  /// (exact − value)/ulp; nil where the value is not finite, or beyond the doubles.
  fileprivate var residual: Float? {
    guard let approximation, value.isFinite else { return nil }
    let difference = approximation.adding(value.negated, scaledByPowerOfTwo: 0)
    return Float(difference.scaled(byPowerOfTwo: -ulpExponent).double)
  }
}
