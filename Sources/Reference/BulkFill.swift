internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Many rows of one function: the fast tier, then MPFR for what it leaves.
struct BulkFill<Tier: BulkTier>: Sendable {
  private let function: LossFunction
  private let classCount: Int
  private let targets: [Int32]
  private let format: FloatFormat
  private let tier: Tier?
  /// The mean that the values are the gradients of.
  private let mean: MeanParts?

  /// - Parameter tier: nil to leave all to MPFR.
  init(
    _ function: LossFunction, classCount: Int, targets: [Int32], format: FloatFormat, tier: Tier?,
    mean: MeanParts? = nil
  ) {
    self.function = function
    self.classCount = classCount
    self.targets = targets
    self.format = format
    self.tier = tier
    self.mean = mean
  }

  /// Fills all rows, and returns the number of those that MPFR decided.
  func run(
    _ logits: UnsafeBufferPointer<Tier.Number>,
    into outputs: UnsafeMutableBufferPointer<Tier.Number>,
    threadCount: Int
  ) throws(ReferenceError) -> Int {
    guard classCount > 0 else { throw .invalidInput(.noLogits) }
    if function.isBinary, classCount != 1 { throw .invalidInput(.notOneLogit(count: classCount)) }
    let rowCount = logits.count / classCount
    for (what, count, expected) in [
      ("logits in whole rows", logits.count, rowCount * classCount),
      ("targets", targets.count, function.hasTarget ? rowCount : 0),
      ("places for values", min(outputs.count, rowCount * outputCount), rowCount * outputCount),
    ] where count != expected {
      throw .invalidInput(.wrongCount(what: what, count: count, expected: expected))
    }
    let labelCount = function.isBinary ? 2 : classCount
    let least = function == .shardPartials ? -1 : 0
    let ignored = mean?.parts.first?.options.ignoreIndex
    if let wrong = targets.first(where: {
      !(least..<labelCount).contains(Int($0)) && Int($0) != ignored
    }) {
      throw .invalidInput(.labelOutOfRange(label: Int(wrong), classCount: labelCount))
    }
    // Each piece reads and writes its own rows.
    nonisolated(unsafe) let (source, room) = (logits, outputs)
    return try OrderedPieces(
      of: rowCount, pieceSize: threadCount > 1 ? nil : rowCount, threadCount: threadCount
    ).map { rows throws(ReferenceError) in
      try withStandardArithmetic { () throws(ReferenceError) in try fill(rows, source, room) }
    }.reduce(0, +)
  }

  private var outputCount: Int { function.outputCount(classCount: classCount) }

  private func fill(
    _ rows: Range<Int>, _ logits: UnsafeBufferPointer<Tier.Number>,
    _ outputs: UnsafeMutableBufferPointer<Tier.Number>
  ) throws(ReferenceError) -> Int {
    let logits = UnsafeBufferPointer(
      rebasing: logits[rows.lowerBound * classCount..<rows.upperBound * classCount])
    let outputs = UnsafeMutableBufferPointer(
      rebasing: outputs[rows.lowerBound * outputCount..<rows.upperBound * outputCount])
    guard !function.isOfShards else {
      let shards = LossRows(
        classCount: classCount, logits: NumberColumn(format, doubles: logits.map { Double($0) }),
        labels: function.hasTarget ? Array(targets[rows]) : nil)
      let values = try Reference().evaluate(function, shards, in: format)
      for (place, value) in values.values.doubles.enumerated() {
        outputs[place] = Tier.Number(value)
      }
      return values.slowRowCount
    }
    let isDecided =
      targets.withUnsafeBufferPointer { targets in
        tier?.fill(
          outputs, logits: logits, classCount: classCount,
          labels: UnsafeBufferPointer(rebasing: function.hasTarget ? targets[rows] : targets[..<0]))
      } ?? false
    guard !isDecided else { return 0 }
    var undecidedCount = 0
    for row in 0..<rows.count {
      let values = UnsafeMutableBufferPointer(
        rebasing: outputs[row * outputCount..<(row + 1) * outputCount])
      guard tier == nil || values.contains(where: \.isNaN) else { continue }
      undecidedCount += 1
      let input = input(
        logits[row * classCount..<(row + 1) * classCount],
        target: function.hasTarget ? Int(targets[rows.lowerBound + row]) : nil)
      let exact =
        if let mean {
          try ExactValues(function.exact(input, mean.parts)).rounded(to: format, .nearestEven)
        } else {
          try Reference(usesFastTier: false).evaluate(function, input, in: format)
        }
      for i in values.indices { values[i] = Tier.Number(exact[i].value.double) }
    }
    return undecidedCount
  }

  private func input(_ logits: Slice<UnsafeBufferPointer<Tier.Number>>, target: Int?) -> LossInput {
    let target: Target =
      switch target {
      case nil: .none
      case let label? where function.isBinary: .probabilities([FloatValue(Double(label))])
      case let label?: .index(label)
      }
    return LossInput(logits: logits.map { FloatValue(Double($0)) }, target: target)
  }
}
