internal import FastKernels
public import FloatFormats
public import LossFunctions
internal import Multiprecision

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
  /// The residual of each value: infinite for a limit, NaN for one that stands apart.
  package internal(set) var residuals: [Double]
  /// The exponent of the ulp at each exact value.
  package internal(set) var ulpExponents: [Int32]
  /// Whether each exact value is rational.
  package internal(set) var rational: [Bool]
  /// What the exact values lie in, where that is kept and not what they round to.
  private(set) var enclosures: [Ball] = []
  /// What MPFR has decided, by place, but for limits.
  package internal(set) var apart: [Int: CertifiedValue] = [:]
  /// Why the values of a row are undecided: where options are such that no theorem settles them.
  package internal(set) var undecided: [Int: ReferenceError] = [:]
  /// Why values that the fast tiers have decided are no breakpoints, but for rational ones.
  var ground = Ground.lindemannWeierstrass
  /// The rows of which the theorem of Lindemann and Weierstrass says so all the same.
  var settledRows: Set<Int> = []
  /// What the fast tiers' values of each row are multiplied by, doubles; nil for nothing.
  var factors: [Double]?
  /// What the fast tiers' values are divided by, not before they are multiplied; nil for nothing.
  var divisor: Ball?
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
    residuals = [Double](repeating: .nan, count: count)
    ulpExponents = [Int32](repeating: 0, count: count)
    rational = [Bool](repeating: false, count: count)
  }

  /// Keeps enclosures from here on, in place of values.
  mutating func keepEnclosures() {
    enclosures = [Ball](
      repeating: Ball(LOPair(high: .nan, low: 0), error: .infinity), count: residuals.count)
  }

  /// The values of one row.
  ///
  /// - Parameter format: One that holds them.
  package init(_ row: [CertifiedValue], in format: FloatFormat) {
    self.init(format, rowCount: 1, outputsPerRow: row.count)
    for (place, value) in row.enumerated() { put(value, at: place) }
  }

  /// The bits that the proven bounds of double-double arithmetic leave.
  package static let fastPrecision = 80

  /// The number of rows.
  public var rowCount: Int { residuals.count / max(outputsPerRow, 1) }

  /// The places of a row's values.
  package func places(ofRow row: Int) -> Range<Int> {
    row * outputsPerRow..<(row + 1) * outputsPerRow
  }

  /// The value at a place.
  public subscript(place: Int) -> CertifiedValue {
    if let value = apart[place] { return value }
    guard !residuals[place].isInfinite else {
      return CertifiedValue(limit: values[place], format: format)
    }
    let (value, exponent) = (values[place], Int(ulpExponents[place]))
    let residual = FloatValue(residuals[place])
    return CertifiedValue(
      value: value, approximation: value.adding(residual, scaledByPowerOfTwo: exponent),
      ulpExponent: exponent, workingPrecision: Self.fastPrecision,
      ground: rational[place]
        ? .rational
        : settledRows.contains(place / max(outputsPerRow, 1)) ? .lindemannWeierstrass : ground)
  }

  /// Whether the exact value at a place is finite, though it may round to an infinity.
  package func isFinite(_ place: Int) -> Bool {
    residuals[place].isFinite || apart[place]?.approximation != nil
  }

  /// The values of a row.
  ///
  /// - Throws: `undecided`.
  public func row(_ row: Int) throws(ReferenceError) -> [CertifiedValue] {
    if let error = undecided[row] { throw error }
    return places(ofRow: row).map { self[$0] }
  }

  /// Calls `body` with a writer of values that `rounding` rounds.
  mutating func write(_ rounding: EnclosureRounding, _ body: (CertifiedWriter) -> Void) {
    values.withDoubles { values in
      residuals.withUnsafeMutableBufferPointer { residuals in
        ulpExponents.withUnsafeMutableBufferPointer { ulpExponents in
          rational.withUnsafeMutableBufferPointer { rational in
            enclosures.withUnsafeMutableBufferPointer { enclosures in
              guard let values = values.baseAddress, let residuals = residuals.baseAddress,
                let exponents = ulpExponents.baseAddress, let rational = rational.baseAddress
              else { return }
              let columns = CertifiedWriter.Columns(
                values: values, residuals: residuals, ulpExponents: exponents, rational: rational,
                enclosures: enclosures.isEmpty ? nil : enclosures.baseAddress)
              let writer = CertifiedWriter(
                rounding, .columns(columns), in: format, divisor: divisor)
              guard let factors else { return body(writer) }
              factors.withUnsafeBufferPointer {
                body(writer.multiplying(by: $0, outputsPerRow: outputsPerRow))
              }
            }
          }
        }
      }
    }
  }

  /// Takes a value from MPFR.
  mutating func put(_ value: CertifiedValue, at place: Int) {
    values.set(value.value, at: place)
    ulpExponents[place] = Int32(value.ulpExponent)
    guard value.ground != .limit else {
      residuals[place] = .infinity
      return
    }
    apart[place] = value
    residuals[place] = value.residual ?? .nan
    guard !enclosures.isEmpty else { return }
    let unit = 1.0.scaled(byPowerOfTwo: value.ulpExponent)
    enclosures[place] = Ball(
      .sum(value.value.double, residuals[place] * unit), error: unit * 0x1p-14)
  }

  /// Leaves the rows with values that are not decided yet to MPFR.
  ///
  /// - Parameter exact: The exact values of a row.
  mutating func decideRest(
    _ direction: RoundingDirection, by exact: (_ row: Int) -> any ExactFunction
  ) {
    for row in 0..<rowCount {
      let places = places(ofRow: row)
      guard places.contains(where: { residuals[$0].isNaN }) else { continue }
      let pending = (0..<outputsPerRow).filter { residuals[places.lowerBound + $0].isNaN }
      slowRowCount += 1
      do {
        try Certification.round(exact(row), pending, to: format, direction) { index, value in
          put(value, at: places.lowerBound + index)
        }
      } catch {
        leaveUndecided(row, error)
      }
    }
  }

  /// Takes none of a row's values.
  mutating func leaveUndecided(_ row: Int, _ error: ReferenceError) {
    undecided[row] = error
    for place in places(ofRow: row) {
      values.set(.nan, at: place)
      residuals[place] = .nan
      apart[place] = nil
    }
  }
}

extension CertifiedValue {
  /// (exact − value)/ulp; nil where the value is not finite, or beyond the doubles.
  fileprivate var residual: Double? {
    guard let approximation, value.isFinite else { return nil }
    let difference = approximation.adding(value.negated, scaledByPowerOfTwo: 0)
    return difference.scaled(byPowerOfTwo: -ulpExponent).double
  }
}
