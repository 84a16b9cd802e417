public import Cases
public import FloatFormats
public import Interchange
public import LossFunctions
internal import PropertyEngine
internal import Reference

/// Would a test notice? A comparison of outputs with a tolerance, tried on what known mistakes give
/// instead of the right outputs, and on what right implementations give.
///
/// What a test expects is taken to be the exact values, each rounded correctly to the outputs' format:
/// no reference of a framework is nearer.
public struct Audit: Sendable {
  /// Where the tensors of the runs come from.
  public enum Inputs: Sendable {
    /// Drawn, of a number of classes.
    case drawn(Family, classCount: Int)
    /// Taken from a file, one after the other.
    case file(FixtureRows)
  }

  /// The function.
  public let function: LossFunction
  /// The formats of the logits and of the outputs.
  public let format: FloatFormat
  public let outputFormat: FloatFormat
  /// The options of the function.
  public let options: LossOptions
  /// How the losses of a run become one; a gradient is then by that.
  public let reduction: Reduction
  /// The comparison.
  public let closeness: Closeness
  /// The inputs, the number of rows of each run, and of runs.
  public let inputs: Inputs
  public let rowCount: Int
  public let runCount: Int
  /// The seed of what is drawn.
  public let seed: UInt64

  /// The mistakes that are tried.
  package var mistakes = Mistakes.blind + Mistakes.all

  /// The most logits of a run: beyond, its numbers would take gigabytes.
  public static let greatestLogitCount = 1 << 22

  /// An audit of runs of `rowCount` rows.
  ///
  /// - Parameters:
  ///   - rowCount: nil for 16, or for all rows of a file.
  ///   - runCount: nil for as many as take some seconds, from 2 to 100; a file has no more than its
  ///     rows make.
  /// - Throws: Where the runs would be too large, or a format is beyond float64.
  public init(
    _ function: LossFunction, in format: FloatFormat, outputFormat: FloatFormat? = nil,
    options: LossOptions = LossOptions(), reduction: Reduction = .none, closeness: Closeness,
    inputs: Inputs, rowCount: Int? = nil, runCount: Int? = nil, seed: UInt64 = 1
  ) throws(AuditError) {
    self.function = function
    self.format = format
    self.outputFormat = outputFormat ?? format
    self.options = options
    self.reduction = reduction
    self.closeness = closeness
    self.inputs = inputs
    self.seed = seed
    for format in [format, self.outputFormat] where !format.isWithinFloat64 {
      throw .formatTooWide(format)
    }
    guard reduction == .none || function.isOfLosses else { throw .noLoss(function) }
    guard reduction == .mean || options.denominator == nil, options.partsOfMean.count == 1 else {
      throw .denominator
    }
    var available = Int.max
    let classCount: Int
    switch inputs {
    case .drawn(_, let count): classCount = function.isBinary ? 1 : count
    case .file(let rows):
      guard let count = rows.classCount else { throw .raggedRows }
      classCount = count
      available = rows.count
    }
    if let count = options.classCount, count != classCount {
      throw .otherWeights(count, classCount: classCount)
    }
    let rowCount = rowCount ?? (available == .max ? 16 : available)
    guard rowCount <= available else { throw .tooFewRows(available) }
    guard rowCount <= Self.greatestLogitCount / classCount else {
      throw .tooLarge(rowCount: rowCount, classCount: classCount)
    }
    self.rowCount = rowCount
    let usual = min(max(Self.greatestLogitCount / (rowCount * classCount), 2), 100)
    self.runCount = min(runCount ?? usual, available / rowCount)
  }

  /// What a check of the same outputs asks of them by default.
  var contract: CheckContract {
    var contract = CheckContract(function, in: format, outputFormat: outputFormat, options: options)
    contract.reduction = reduction
    return contract
  }

  /// The number of classes of each row.
  var classCount: Int {
    switch inputs {
    case .drawn(_, let count): function.isBinary ? 1 : count
    case .file(let rows): rows.classCount ?? 1
    }
  }

  /// Where the inputs come from, in words.
  var inputText: String {
    switch inputs {
    case .drawn(let family, _): family.purpose
    case .file: "the rows of a file"
    }
  }

  /// The rows of a run: its tensors, of one shape each.
  private func rows(ofRun run: Int) throws(FixtureError) -> [PlacedRows] {
    let range = run * rowCount..<(run + 1) * rowCount
    switch inputs {
    case .drawn(let family, let classCount):
      let shape = CaseShape(function: function, format: format, classCount: classCount)
      return family.rows(shape, seed: seed, indices: range)
    case .file(let rows): return try rows.rows(range)
    }
  }

  /// Tries all, the same whatever the number of threads.
  ///
  /// - Parameter progress: Called with the number of runs done and of all.
  /// - Throws: What is wrong with the file; `CancellationError` where the task is cancelled.
  public func run(
    threadCount: Int? = nil,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> AuditReport {
    // As many runs at a time as their numbers leave room for.
    let room = max(Self.greatestLogitCount / (rowCount * classCount), 1)
    let pieces = OrderedPieces(
      of: runCount, pieceSize: 1, threadCount: min(threadCount ?? OrderedPieces.coreCount, room))
    var tallies = AuditTallies()
    try await pieces.forEach { [self] run in
      try AuditRun(self, rows(ofRun: run.lowerBound)).deviations
    } consume: { run, deviations in
      tallies.add(deviations)
      progress(run.upperBound, runCount)
    }
    return AuditReport(self, tallies)
  }
}

/// Why a test cannot be audited.
public enum AuditError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Doubles do not hold the format.
  case formatTooWide(FloatFormat)
  /// Only losses have a sum or a mean.
  case noLoss(LossFunction)
  /// What is divided by is said of what is no mean, or differs between parts of a loss.
  case denominator
  /// The rows of the file have different numbers of classes.
  case raggedRows
  /// The options are for another number of classes.
  case otherWeights(Int, classCount: Int)
  /// No theorem settles the sum or the mean.
  case undecided
  /// A run has more rows than the file.
  case tooFewRows(Int)
  /// A run has more logits than fit into memory.
  case tooLarge(rowCount: Int, classCount: Int)

  /// What was wrong, and what would do.
  public var description: String {
    switch self {
    case .formatTooWide(let format): "\(format) has numbers that float64 does not hold"
    case .noLoss(let function):
      "\(function) is no loss, nor the gradient of one: it has no sum and no mean"
    case .denominator:
      "a denominator goes with a mean, and is one for all of the loss: weights, valid-rows, rows or another"
    case .raggedRows: "its rows have different numbers of classes, which makes no tensor"
    case .otherWeights(let count, let classCount):
      "the options have \(count) numbers, one a class, for \(classCount) classes"
    case .undecided: "with such options, the exact sum of these losses could not be rounded"
    case .tooFewRows(let count): "the file has \(count) rows"
    case .tooLarge(let rowCount, let classCount):
      "\(rowCount) rows of \(classCount) classes are too many; a run has at most "
        + "\(Audit.greatestLogitCount) logits, and what passes with more rows passes with fewer"
    }
  }
}
