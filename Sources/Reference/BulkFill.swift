internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Many rows of one function: the fast tier, then `evaluate` for what it leaves, which is double-double arithmetic
/// and MPFR last.
struct BulkFill<Tier: BulkTier>: Sendable {
  private let function: LossFunction
  private let input: InputKind
  private let classCount: Int
  /// How many values a row has.
  private let outputCount: Int
  private let targets: BulkTargets<Tier.Number>
  private let format: FloatFormat
  private let tier: Tier?
  /// The mean that the values are the gradients of.
  private let mean: MeanParts?

  /// - Parameters:
  ///   - input: What the numbers of the rows are.
  ///   - tier: nil to leave all to `evaluate`.
  init(
    _ function: LossFunction, of input: InputKind = .logits, classCount: Int,
    targets: BulkTargets<Tier.Number>, format: FloatFormat, tier: Tier?, mean: MeanParts? = nil
  ) {
    self.function = function
    self.input = input
    self.classCount = classCount
    outputCount = function.outputCount(classCount: classCount)
    self.targets = targets
    self.format = format
    // Those of rows take labels.
    self.tier = function.isBinary || targets.numbers.isEmpty ? tier : nil
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
    let hasNumbers = !targets.numbers.isEmpty
    let (targetCount, perRow) =
      hasNumbers ? (targets.numbers.count, classCount) : (targets.labels.count, 1)
    for (what, count, expected) in [
      ("logits in whole rows", logits.count, rowCount * classCount),
      ("targets", targetCount, function.hasTarget ? rowCount * perRow : 0),
      ("places for values", min(outputs.count, rowCount * outputCount), rowCount * outputCount),
    ] where count != expected {
      throw .invalidInput(.wrongCount(what: what, count: count, expected: expected))
    }
    let labelCount = function.isBinary ? 2 : classCount
    let least = function == .shardPartials ? -1 : 0
    let ignored = mean?.parts.first?.options.ignoreIndex
    if let wrong = targets.labels.first(where: {
      !(least..<labelCount).contains(Int($0)) && Int($0) != ignored
    }) {
      throw .invalidInput(.labelOutOfRange(label: Int(wrong), classCount: labelCount))
    }
    // Each piece reads and writes its own rows.
    nonisolated(unsafe) let (source, room) = (logits, outputs)
    return try OrderedPieces(
      of: rowCount, pieceSize: threadCount > 1 ? nil : rowCount, threadCount: threadCount
    ).map { rows throws(ReferenceError) in
      try withStandardArithmetic { () throws(ReferenceError) in
        try fill(
          UnsafeBufferPointer(
            rebasing: source[rows.lowerBound * classCount..<rows.upperBound * classCount]),
          targets.some(rows, classCount: classCount),
          UnsafeMutableBufferPointer(
            rebasing: room[rows.lowerBound * outputCount..<rows.upperBound * outputCount]))
      }
    }.reduce(0, +)
  }

  private func fill(
    _ logits: UnsafeBufferPointer<Tier.Number>, _ targets: BulkTargets<Tier.Number>,
    _ outputs: UnsafeMutableBufferPointer<Tier.Number>
  ) throws(ReferenceError) -> Int {
    let isDecided =
      tier?.fill(outputs, logits: logits, classCount: classCount, targets: targets) ?? false
    guard !isDecided else { return 0 }
    // As many as are worth a call, and small beside memory.
    let gatheredCount = max((1 << 15) / classCount, 1)
    var (rest, slowCount): ([Int], Int) = ([], 0)
    for row in 0..<logits.count / classCount where tier == nil || isOpen(row, outputs) {
      if fillLongRow(row, logits, targets, outputs) { continue }
      rest.append(row)
      guard rest.count == gatheredCount else { continue }
      slowCount += try decide(rest, logits, targets, outputs)
      rest.removeAll(keepingCapacity: true)
    }
    return try slowCount + decide(rest, logits, targets, outputs)
  }

  /// Whether a row has a NaN, which is undecided. A plain loop: where one row is open all are looked through.
  @inline(__always)
  private func isOpen(_ row: Int, _ outputs: UnsafeMutableBufferPointer<Tier.Number>) -> Bool {
    for place in row * outputCount..<(row + 1) * outputCount where outputs[place].isNaN {
      return true
    }
    return false
  }

  /// Fills what is left of a long row where it lies; whether that is all.
  private func fillLongRow(
    _ row: Int, _ logits: UnsafeBufferPointer<Tier.Number>, _ targets: BulkTargets<Tier.Number>,
    _ outputs: UnsafeMutableBufferPointer<Tier.Number>
  ) -> Bool {
    guard classCount > Reference.longRowClassCount, input == .logits,
      let start = outputs.baseAddress
    else { return false }
    let layout: RowNumbers.Layout = Tier.Number.self == Float.self ? .floats : .doubles
    func numbers(_ all: UnsafeBufferPointer<Tier.Number>) -> RowNumbers {
      RowNumbers(all.baseAddress.map { $0 + row * classCount }, layout, count: classCount)
    }
    var view = RowView(numbers(logits))
    if !targets.numbers.isEmpty {
      (view.target, view.targetKind) = (numbers(targets.numbers), .probabilities)
    } else if !targets.labels.isEmpty {
      (view.label, view.targetKind) = (Int(targets.labels[row]), .index)
    }
    let values = ValueMemory(start + row * outputCount, layout)
    if tier == nil { values.clear(outputCount) }
    return Reference().fill(
      values, function, longRow: view, options: mean?.parts.first?.options ?? LossOptions(),
      of: mean, from: format, in: format, rounding: .nearestEven)
  }

  /// Fills some rows by `evaluate`, and returns the number of those that MPFR decided.
  private func decide(
    _ places: [Int], _ logits: UnsafeBufferPointer<Tier.Number>,
    _ targets: BulkTargets<Tier.Number>, _ outputs: UnsafeMutableBufferPointer<Tier.Number>
  ) throws(ReferenceError) -> Int {
    guard !places.isEmpty else { return 0 }
    func column(_ numbers: UnsafeBufferPointer<Tier.Number>) -> NumberColumn {
      let count = places.count * classCount
      return NumberColumn(
        format,
        doubles: [Double](unsafeUninitializedCapacity: count) { doubles, initializedCount in
          for (index, row) in places.enumerated() {
            for i in 0..<classCount {
              doubles[index * classCount + i] = Double(numbers[row * classCount + i])
            }
          }
          initializedCount = count
        })
    }
    let labels = targets.labels.isEmpty ? nil : places.map { targets.labels[$0] }
    var probabilities = targets.numbers.isEmpty ? nil : column(targets.numbers)
    if function.isBinary, let labels {
      probabilities = NumberColumn(format, doubles: labels.map { Double($0) })
    }
    let rows = LossRows(
      classCount: classCount, logits: column(logits), labels: function.isBinary ? nil : labels,
      probabilities: probabilities)
    let certified: CertifiedRows
    if let mean {
      certified = try Reference().gradients(
        function, rows, of: mean, options: mean.parts.first?.options ?? LossOptions(), in: format,
        rounding: .nearestEven)
    } else {
      var options = LossOptions()
      options.input = input
      certified = try Reference().evaluate(function, rows, options: options, in: format)
    }
    if let error = certified.undecided.min(by: { $0.key < $1.key })?.value { throw error }
    certified.values.doubles.withUnsafeBufferPointer { values in
      for (index, row) in places.enumerated() {
        for i in 0..<outputCount {
          outputs[row * outputCount + i] = Tier.Number(values[index * outputCount + i])
        }
      }
    }
    return certified.slowRowCount
  }
}
