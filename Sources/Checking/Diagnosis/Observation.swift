public import FloatFormats
public import LossFunctions

/// What code gave for a row, beside what it should have given: in doubles, once for all the mistakes that
/// they are held against.
public struct Observation: Sendable {
  let row: DoubleModel.Row
  /// What the code gave.
  let computed: [Double]
  /// The exact outputs, rounded.
  let exact: [Double]
  /// The greatest magnitude of the logits that count beside the greatest of them: of no masked one.
  let greatestLogit: Double

  /// What is known of a row's numbers, the most telling first.
  enum Tier: Int, CaseIterable {
    /// Nothing about the row is extreme.
    case ordinary
    case finite
    /// A logit is infinite or NaN.
    case special
  }

  /// What is known of its numbers.
  let tier: Tier

  /// An observation.
  public init(input: LossInput, computed: [FloatValue], exact: [FloatValue]) {
    row = DoubleModel.Row(input)
    self.computed = computed.map(\.double)
    self.exact = exact.map(\.double)
    let least = DoubleModel.greatest(row.logits) - 200
    // Of NaN there is no greater magnitude.
    greatestLogit = row.logits.reduce(0) { greatest, logit in
      logit.isFinite && !(logit < least) && logit.magnitude > greatest ? logit.magnitude : greatest
    }
    tier =
      !row.logits.allSatisfy(\.isFinite)
      ? .special : row.logits.allSatisfy { $0.magnitude <= 8 } ? .ordinary : .finite
  }
}

/// The rows that were asked for at once: some mistakes mix them up.
public struct ObservedBatch: Sendable {
  /// The rows, all of one number of classes.
  public let rows: [Observation]
  /// The number of rows that there were, of which these may be the first.
  public let rowCount: Int

  /// A batch, or the first rows of one of `rowCount`.
  public init(_ rows: [Observation], rowCount: Int? = nil) {
    self.rows = rows
    self.rowCount = rowCount ?? rows.count
  }

  var isWhole: Bool { rowCount == rows.count }

  var classCount: Int { rows.first?.row.logits.count ?? 1 }
}

/// All that was observed, and of what.
public struct Evidence: Sendable {
  /// The function that the code should compute.
  public let function: LossFunction
  /// The format of its inputs.
  public let format: FloatFormat
  /// The format of its outputs.
  public let outputFormat: FloatFormat
  /// The options of the function.
  public let options: LossOptions
  /// How the rows stood in what was handed over.
  public let layout: RowLayout
  /// What was observed.
  public let batches: [ObservedBatch]
  /// The ε that code may clip probabilities with; nil where what was observed is to tell.
  var assumedEpsilons: [Double]?

  /// Evidence.
  public init(
    of function: LossFunction, in format: FloatFormat, outputFormat: FloatFormat? = nil,
    options: LossOptions = LossOptions(), layout: RowLayout = .classesLast,
    batches: [ObservedBatch]
  ) {
    self.function = function
    self.format = format
    self.outputFormat = outputFormat ?? format
    self.options = options
    self.layout = layout
    self.batches = batches
    leastNormal = self.outputFormat.leastNormal.double
    // What is below half an ulp more is rounded to it.
    greatest = min(
      self.outputFormat.greatestFinite.double * (1 + self.outputFormat.unitRoundoff / 2),
      .greatestFiniteMagnitude)
    let weights = (options.classWeights ?? []) + [options.positiveWeight].compactMap(\.self)
    factor =
      weights.map(\.double).reduce(1, max) * max(1, options.scale?.double ?? 1)
      / min(1, options.temperature?.double ?? 1)
    greatestBias = (options.logitBias ?? []).map(\.magnitude.double).max() ?? 0
    isPlain = options.present.isDisjoint(with: LossOption.beforeTheLoss)
    finestRoundoff =
      Self.computingFormats(format, self.outputFormat).map(\.unitRoundoff).min()
      ?? format.unitRoundoff
  }

  var model: DoubleModel { DoubleModel(function: function, options: options) }

  var rows: [Observation] { batches.flatMap(\.rows) }

  /// The formats that the code may compute in: those of its ends, and for narrow ones float32.
  var computingFormats: [FloatFormat] { Self.computingFormats(format, outputFormat) }

  private static func computingFormats(
    _ format: FloatFormat, _ outputFormat: FloatFormat
  ) -> [FloatFormat] {
    var formats = [format]
    for other in [outputFormat, .float32] where other.precision >= format.precision {
      if !formats.contains(other) { formats.append(other) }
    }
    return formats
  }

  private static let narrowFormats: [FloatFormat] = [
    .float32, .float16, .bfloat16, .float8E4M3FN, .float8E5M2,
  ]

  /// The formats that have fewer bits than the coarser end.
  var formatsOfFewerBits: [FloatFormat] {
    let precision = min(format.precision, outputFormat.precision)
    return Self.narrowFormats.filter { $0.precision < precision }
  }

  /// These, and the formats that end earlier than the inputs do.
  var narrowerFormats: [FloatFormat] {
    let fewer = formatsOfFewerBits
    return Self.narrowFormats.filter {
      fewer.contains($0) || $0.greatestExponent < format.greatestExponent
    }
  }

  private let leastNormal: Double
  /// The greatest number of the outputs' format, beyond which all are infinite.
  let greatest: Double
  /// What options may multiply an error with.
  private let factor: Double

  /// The greatest magnitude of a bias.
  private let greatestBias: Double
  /// Whether nothing is done to a logit before the loss.
  private let isPlain: Bool
  /// The unit roundoff of the widest format that the code may compute in.
  private let finestRoundoff: Double

  /// How exactly an explanation is held against what was computed.
  enum Care: CaseIterable {
    /// As code does that computes in float32 or in its wider end, takes the greatest logit off first and
    /// rounds once.
    case fine
    /// As code does that rounds each number on the way to its coarser end.
    case coarse
  }

  /// How far apart two values may be for one to explain the other: some roundings of the largest
  /// numbers on the way.
  func tolerance(
    _ row: Observation, _ value: Double, _ care: Care, unitRoundoff: Double? = nil
  ) -> Double {
    let count = Double(row.row.logits.count).squareRoot()
    if options.input != .logits {
      // Nothing cancels: each term keeps its digits.
      let unit =
        care == .fine ? finestRoundoff : max(format.unitRoundoff, outputFormat.unitRoundoff)
      return value.magnitude * (4 * outputFormat.unitRoundoff + 16 * unit * count)
        + leastNormal
    }
    let rounding = value.magnitude * outputFormat.unitRoundoff
    if care == .fine {
      // What is done to a logit first rounds what it is taken off from.
      let offset = isPlain ? 0 : row.greatestLogit + greatestBias
      let scale: Double =
        switch function {
        case .sigmoid, .softmax: value.magnitude * (1 + min(row.greatestLogit, 200))
        case .binaryCrossEntropyGradient, .crossEntropyGradient: factor
        case .logSumExp: value.magnitude + row.greatestLogit
        default: value.magnitude + factor
        }
      return 4 * rounding + 8 * finestRoundoff * (scale + factor * offset) * count.squareRoot()
        + leastNormal
    }
    let unit = unitRoundoff ?? max(format.unitRoundoff, outputFormat.unitRoundoff)
    let greatest = row.greatestLogit + greatestBias
    let scale: Double =
      switch function {
      case .sigmoid, .softmax: value.magnitude * (1 + min(greatest, 200))
      case .binaryCrossEntropyGradient, .crossEntropyGradient: factor
      default: value.magnitude + factor * (greatest + 1)
      }
    return 8 * unit * scale * count + leastNormal
  }
}
