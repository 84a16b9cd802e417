package import FloatFormats

/// The input of a last linear layer fused with the cross-entropy of its outputs.
///
/// Row r of `hidden` [rows, width] and row c of `weight` [classes, width] make the logit
/// x_rc = Σ h_rk·w_ck + b_c, a sum of products of dyadic rationals and so itself one. The numbers are those of
/// a format that float32 holds: of 16 bits, say.
public struct LinearInput: Hashable, Sendable {
  /// The number of features of a hidden row, often called d.
  public let width: Int
  /// The number of classes.
  public let classCount: Int
  /// [rows, width], row by row.
  public let hidden: [Float]
  /// [classes, width], class by class.
  public let weight: [Float]
  /// A number for each class, −∞ for one that is masked; nil for zeros.
  public let bias: [Float]?
  /// The class index of each row.
  public let labels: [Int32]
  /// What the gradient of each row's loss is multiplied by, where the losses become no mean or sum; nil for ones.
  public let gradOutput: [Float]?
  /// The greatest magnitude of a weight.
  package let greatestWeight: Float

  /// Checks that numbers go together.
  ///
  /// - Throws: Where there are none for a whole row, too many or too few, or one is not finite.
  public init(
    hidden: [Float], weight: [Float], bias: [Float]? = nil, labels: [Int32], width: Int,
    gradOutput: [Float]? = nil
  ) throws(InputError) {
    guard width > 0 else { throw .wrongCount(what: "features", count: width, expected: 1) }
    let classCount = weight.count / width
    guard classCount > 0 else { throw .noLogits }
    let (hiddenCount, hasOverflow) = labels.count.multipliedReportingOverflow(by: width)
    for (what, count, expected) in [
      ("hidden numbers", hidden.count, hasOverflow ? Int.max : hiddenCount),
      ("weights", weight.count, classCount * width),
      ("biases", bias?.count ?? classCount, classCount),
      ("numbers of grad_output", gradOutput?.count ?? labels.count, labels.count),
    ] where count != expected {
      throw .wrongCount(what: what, count: count, expected: expected)
    }
    try Self.requireFinite(hidden, "a hidden number")
    try Self.requireFinite(weight, "a weight")
    try Self.requireFinite(gradOutput ?? [], "a number of grad_output")
    for number in bias ?? [] where !(number < .infinity) {
      throw .outOfRange(what: "a bias", value: FloatValue(number), interval: "[-∞, ∞)")
    }
    self.width = width
    self.classCount = classCount
    self.hidden = hidden
    self.weight = weight
    self.bias = bias
    self.labels = labels
    self.gradOutput = gradOutput
    greatestWeight = weight.reduce(0) { max($0, $1.magnitude) }
  }

  /// The same from columns.
  ///
  /// - Throws: Also where float32 does not hold a format.
  public init(
    hidden: NumberColumn, weight: NumberColumn, bias: NumberColumn? = nil, labels: [Int32],
    width: Int, gradOutput: NumberColumn? = nil
  ) throws(InputError) {
    let formats = [hidden.format, weight.format, bias?.format, gradOutput?.format]
    for format in formats.compactMap(\.self)
    where !format.isWithinFloat32 {
      throw .formatTooWide(format)
    }
    try self.init(
      hidden: hidden.floats, weight: weight.floats, bias: bias?.floats, labels: labels,
      width: width, gradOutput: gradOutput?.floats)
  }

  private static func requireFinite(_ numbers: [Float], _ what: String) throws(InputError) {
    // A difference with itself is 0 for finite numbers and NaN for others.
    let residue = numbers.withUnsafeBufferPointer { $0.reduce(Float(0)) { $0 + ($1 - $1) } }
    guard residue != 0, let wrong = numbers.first(where: { !$0.isFinite }) else { return }
    throw .outOfRange(what: what, value: FloatValue(wrong), interval: "(-∞, ∞)")
  }

  /// The number of rows.
  public var rowCount: Int { labels.count }
}

extension FloatFormat {
  /// Whether float32 holds every number of the format.
  package var isWithinFloat32: Bool { exponentBitCount <= 8 && fractionBitCount <= 23 }
}

/// What a gradient of the fused loss is by.
public enum LinearParameter: String, CaseIterable, Hashable, Sendable {
  /// The hidden rows: [rows, width].
  case hidden
  /// The weights: [classes, width].
  case weight
  /// The biases: [classes].
  case bias
}

extension LossOptions {
  /// The options of the linear layer fused with its cross-entropy.
  public static let ofLinearCrossEntropy: Set<LossOption> = [
    .classWeights, .labelSmoothing, .ignoreIndex, .scale, .softcap, .temperature, .zLoss,
    .denominator,
  ]
}

extension LinearInput {
  /// Checks that the fused loss is defined for the labels and options.
  ///
  /// - Throws: The first thing that is wrong, and the row.
  public func validate(_ options: LossOptions) throws(InputError) {
    for option in LossOption.allCases
    where options.present.contains(option) && !LossOptions.ofLinearCrossEntropy.contains(option) {
      throw .optionNotFused(option)
    }
    let row = LossInput(
      logits: Array(repeating: .zero, count: classCount), target: .index(0))
    try LossFunction.crossEntropy.validate(row, options)
    for label in labels where !(0..<classCount).contains(Int(label)) {
      guard Int(label) != options.ignoreIndex else { continue }
      throw .labelOutOfRange(label: Int(label), classCount: classCount)
    }
  }
}
