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

  /// Calls `body` with rows after all but the temperature, where these are doubles, NaN elsewhere, and nil where a cap
  /// makes other numbers of all; and with the rows that were given.
  func apply(
    to logits: [Double], classCount: Int,
    _ body: (_ doubles: UnsafeBufferPointer<Double>?, UnsafeBufferPointer<Double>) -> Void
  ) {
    logits.withUnsafeBufferPointer { source in
      guard !keepsLogits else { return body(source, source) }
      guard let doubles = exact?.applied(to: logits, classCount: classCount) else {
        return body(nil, source)
      }
      doubles.withUnsafeBufferPointer { body($0, source) }
    }
  }

  /// The numbers of scratch memory that a class of a row needs.
  var scratchPerClass: Int { 2 + (keepsLogits ? 0 : TransformedLogits.scratchPerClass) }

  /// A row of those at some places.
  ///
  /// - Parameters:
  ///   - doubles: What `apply` gives of all logits.
  ///   - source: The logits that were given.
  ///   - scratch: Room for `scratchPerClass` numbers for each class.
  /// - Returns: nil where `BallRow` and `TransformedLogits` have none.
  func row(
    _ doubles: UnsafeBufferPointer<Double>?, _ source: UnsafeBufferPointer<Double>,
    _ places: Range<Int>, _ scratch: UnsafeMutablePointer<Double>
  ) -> BallRow? {
    if let doubles,
      let row = BallRow(
        UnsafeBufferPointer(rebasing: doubles[places]), temperature: temperature,
        scratch: (scratch, scratch + places.count))
    {
      return row
    }
    return transform.flatMap {
      TransformedLogits(
        UnsafeBufferPointer(rebasing: source[places]), $0, scratch + 2 * places.count)
    }.map(BallRow.init)
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
