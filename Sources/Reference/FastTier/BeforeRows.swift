internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// What options put before rows: nothing, numbers that are doubles, or numbers that are known to within bounds.
struct BeforeRows {
  /// Where it gives doubles; nil where there is nothing but a temperature.
  private let exact: ExactDoubleTransform?
  /// Where it does not.
  private let transform: BallTransform?
  let temperature: Double
  /// s.
  let scale: Ball
  /// Whether the logits are rational.
  let isRational: Bool

  init(_ options: LossOptions) {
    exact = ExactDoubleTransform(options)
    transform = BallTransform(options)
    temperature = options.temperature?.double ?? 1
    scale = Ball(options.scale?.double ?? 1)
    isRational = options.softcap == nil
  }

  /// Whether logits are taken as they are, but for a temperature.
  var keepsLogits: Bool { transform == nil }

  /// Whether nothing stands before the rows.
  var isIdentity: Bool { keepsLogits && temperature == 1 }

  /// Single logits after all but the temperature, NaN in the place of what is no double; nil where a cap makes other
  /// numbers of all.
  func doubles(_ logits: [Double]) -> [Double]? {
    if keepsLogits { return logits }
    return exact.map { exact in logits.map { exact.applied(to: $0, of: 0) } }
  }

  /// The numbers of scratch memory that a row of so many classes needs.
  func scratchCount(_ classCount: Int) -> Int {
    max(
      BallTerms.scratchCount(classCount),
      keepsLogits ? 0 : TransformedLogits.scratchCount(classCount))
  }

  /// Calls `body` with room for some rows of so many classes.
  func withScratch(
    _ classCount: Int, rows rowCount: Int = 1, _ body: (UnsafeMutablePointer<Double>) -> Void
  ) {
    withAlignedScratch(of: Double.self, capacity: rowCount * scratchCount(classCount)) {
      if let start = $0.baseAddress { body(start) }
    }
  }

  /// A row of logits.
  ///
  /// - Parameter scratch: Room for the numbers of `scratchCount`.
  /// - Returns: nil where `BallRow` and `TransformedLogits` have none.
  func row(_ logits: RowNumbers, _ scratch: UnsafeMutablePointer<Double>) -> BallRow? {
    if keepsLogits || exact != nil,
      let row = BallRow(logits, exact, temperature: temperature, scratch)
    {
      return row
    }
    return transform.flatMap { TransformedLogits(logits, $0, scratch) }.map(BallRow.init)
  }

  /// The derivative of v/T by the logit of a class, T left out.
  func slope(_ row: BallRow, _ index: Int) -> Ball { row.slope(index) ?? scale }

  /// Whether that is rational.
  func hasRationalSlope(_ row: BallRow, _ index: Int) -> Bool {
    row.slope(index).map { $0.error == 0 } ?? true
  }

  /// One finite logit after all but the temperature.
  func value(_ logit: Double, of index: Int) -> Ball {
    transform?.value(logit, of: index) ?? Ball(logit)
  }
}
