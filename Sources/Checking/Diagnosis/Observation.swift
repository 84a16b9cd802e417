public import FloatFormats
public import LossFunctions

/// What code gave for a row, beside what it should have given.
public struct Observation: Sendable {
  /// The row.
  public let input: LossInput
  /// What the code gave.
  public let computed: [FloatValue]
  /// The exact outputs, rounded.
  public let exact: [FloatValue]

  // The same as doubles, once for all the mistakes that they are held against.
  let computedValues: [Double]
  let exactValues: [Double]
  let greatestLogit: Double

  /// Whether nothing about the row is extreme.
  var isOrdinary: Bool { greatestLogit <= 8 }

  /// An observation.
  public init(input: LossInput, computed: [FloatValue], exact: [FloatValue]) {
    self.input = input
    self.computed = computed
    self.exact = exact
    computedValues = computed.map(\.double)
    exactValues = exact.map(\.double)
    greatestLogit = input.logits.map { $0.double.magnitude }.max() ?? 0
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

  var classCount: Int { rows.first?.input.logits.count ?? 1 }
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
  /// What was observed.
  public let batches: [ObservedBatch]
  /// The ε that code may clip probabilities with; nil where what was observed is to tell.
  var assumedEpsilons: [Double]?

  /// Evidence.
  public init(
    of function: LossFunction, in format: FloatFormat, outputFormat: FloatFormat? = nil,
    options: LossOptions = LossOptions(), batches: [ObservedBatch]
  ) {
    self.function = function
    self.format = format
    self.outputFormat = outputFormat ?? format
    self.options = options
    self.batches = batches
    unitRoundoff = max(format.unitRoundoff, self.outputFormat.unitRoundoff)
    leastNormal = self.outputFormat.leastNormal.double
  }

  var model: DoubleModel { DoubleModel(function: function, options: options) }

  var rows: [Observation] { batches.flatMap(\.rows) }

  /// Half an ulp of 1 in the coarser of the two formats, and the least normal number of the outputs'.
  let unitRoundoff: Double
  private let leastNormal: Double

  /// How far apart two values may be for one to explain the other: some roundings of the largest
  /// numbers on the way.
  func tolerance(
    _ row: Observation, _ value: Double, unitRoundoff: Double? = nil
  ) -> Double {
    let unitRoundoff = unitRoundoff ?? self.unitRoundoff
    let greatest = row.greatestLogit
    let scale: Double =
      switch function {
      case .sigmoid: value.magnitude * (1 + min(greatest, 200))
      case .softmax: value.magnitude * (1 + min(greatest, 200))
      case .binaryCrossEntropyGradient, .crossEntropyGradient: 1
      default: value.magnitude + greatest + 1
      }
    let count = Double(row.input.logits.count).squareRoot()
    return 8 * unitRoundoff * scale * count + leastNormal
  }
}
