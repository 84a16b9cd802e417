internal import CLossOracle
internal import FloatFormats
internal import LossFunctions
internal import Reference

/// Rows in the memory of a caller, which is read piece by piece.
///
/// The caller has promised that it stays as it is while the call lasts.
struct RowMemory: @unchecked Sendable {
  let format: FloatFormat
  let count: Int
  let classCount: Int
  let logits: UnsafeRawPointer?
  let labels: UnsafePointer<Int64>?
  let probabilities: UnsafeRawPointer?
  private let targetLogits: UnsafeRawPointer?
  private let gradOutput: UnsafeRawPointer?
  private let gradOutputCount: Int

  init(_ rows: lo_rows, for function: LossFunction) throws {
    format = try CEntryPoints.format(named: required(text(rows.format), "rows->format"))
    (count, classCount) = (rows.row_count, rows.class_count)
    logits = rows.logits
    labels = rows.labels
    probabilities = rows.probabilities
    targetLogits = rows.target_logits
    gradOutput = rows.grad_output
    let isOption = function.mayHaveGradOutput && gradOutput != nil
    gradOutputCount = isOption ? 1 : function.gradOutputCount(classCount: classCount)
    // Counts are read as signed numbers: those beyond are negative.
    let (logitCount, overflowed) = count.multipliedReportingOverflow(
      by: max(classCount, gradOutputCount))
    guard count >= 0, classCount >= 1, !overflowed,
      !logitCount.multipliedReportingOverflow(by: format.byteCount).overflow
    else {
      throw EntryError.argument(
        "there cannot be \(UInt(bitPattern: count)) rows of \(UInt(bitPattern: classCount)) classes"
      )
    }
    let targetCount =
      (labels == nil ? 0 : 1) + (probabilities == nil ? 0 : 1) + (targetLogits == nil ? 0 : 1)
    guard targetCount < 2 else {
      throw EntryError.argument("rows have labels, probabilities or target_logits, not several")
    }
    if function.isBinary, classCount != 1 {
      throw EntryError.input("\(function) takes one logit a row, not \(classCount)")
    }
    if function.hasTarget, targetCount == 1 {
      // Of the first row the reference would say so, but there may be none.
      let error: InputError? =
        if function.comparesLogits, targetLogits == nil {
          .targetNotLogits
        } else if function.isBinary, targetLogits != nil { .targetIsLogits } else { nil }
      if let error { throw EntryError.input("\(function): \(error)") }
    }
    switch (function.hasTarget, targetCount == 0) {
    case (true, true): throw EntryError.input("\(function) needs a target")
    case (false, false): throw EntryError.input("\(function) has no target; leave it out")
    default: break
    }
    if labels != nil, function.isBinary {
      throw EntryError.input("the target of \(function) must be a probability, not a class index")
    }
    if count > 0 { _ = try required(logits, "rows->logits") }
    switch (gradOutputCount > 0, gradOutput == nil) {
    case (true, true) where count > 0: throw EntryError.input("\(function) needs grad_output")
    case (false, false): throw EntryError.input("\(function) has no grad_output; leave it out")
    default: break
    }
  }

  /// As many rows as are worth a thread's while, and small beside memory.
  var pieceSize: Int {
    classCount > Reference.longRowClassCount ? 1 : max(1, (1 << 16) / classCount)
  }

  /// Some of the rows.
  func rows(_ range: Range<Int>) throws -> LossRows {
    let numbers = range.lowerBound * classCount..<range.upperBound * classCount
    return LossRows(
      classCount: classCount, logits: column(logits, numbers),
      labels: try labels.map { _ in try indices(range) },
      probabilities: probabilities.map { column($0, numbers) },
      targetLogits: targetLogits.map { column($0, numbers) },
      gradOutputs: gradOutput.map {
        column($0, range.lowerBound * gradOutputCount..<range.upperBound * gradOutputCount)
      })
  }

  /// How the targets are given.
  var targetKind: TargetKind {
    labels != nil
      ? .index : probabilities != nil ? .probabilities : targetLogits != nil ? .logits : .none
  }

  /// The logits of some rows where they lie, if they are float32 and lie as that should.
  func floats(_ range: Range<Int>) -> UnsafeBufferPointer<Float>? {
    format == .float32 ? numbers(logits, range) : nil
  }

  /// The same of float64.
  func doubles(_ range: Range<Int>) -> UnsafeBufferPointer<Double>? {
    format == .float64 ? numbers(logits, range) : nil
  }

  /// The numbers of some rows where they lie, if they lie as their type should.
  func numbers<Number>(
    _ start: UnsafeRawPointer?, _ range: Range<Int>
  ) -> UnsafeBufferPointer<Number>? {
    guard let start, UInt(bitPattern: start) % UInt(MemoryLayout<Number>.alignment) == 0
    else { return nil }
    return UnsafeBufferPointer(
      start: start.assumingMemoryBound(to: Number.self) + range.lowerBound * classCount,
      count: range.count * classCount)
  }

  /// Whether there are numbers beside the logits that the fast way of plain rows does not know.
  var hasMoreColumns: Bool { gradOutput != nil || targetLogits != nil }

  /// A long row where it lies; nil of one that is short, and of a format that float64 does not hold.
  func longRow(_ row: Int) throws -> RowView? {
    guard classCount > Reference.longRowClassCount, let layout = RowNumbers.Layout(format) else {
      return nil
    }
    func numbers(_ start: UnsafeRawPointer?, _ count: Int) -> RowNumbers {
      RowNumbers(start.map { $0 + row * count * format.byteCount }, layout, count: count)
    }
    var view = RowView(numbers(logits, classCount))
    view.targetKind = targetKind
    view.label = try indices(row..<row + 1).first.map { Int($0) }
    if let target = probabilities ?? targetLogits { view.target = numbers(target, classCount) }
    if gradOutput != nil { view.gradOutput = numbers(gradOutput, gradOutputCount) }
    return view
  }

  private func column(_ start: UnsafeRawPointer?, _ range: Range<Int>) -> NumberColumn {
    NumberColumn(format, decoding: bytes(start, range, of: format))
  }

  /// The labels of some rows.
  ///
  /// - Throws: Where one has more than 32 bits, which no class has.
  func indices(_ range: Range<Int>) throws -> [Int32] {
    guard let labels else { return [] }
    return try range.map { row in
      // The array may begin anywhere.
      let label = UnsafeRawPointer(labels).loadUnaligned(
        fromByteOffset: row * MemoryLayout<Int64>.size, as: Int64.self)
      guard let index = Int32(exactly: label) else {
        let error = InputError.labelOutOfRange(label: Int(label), classCount: classCount)
        throw EntryError.input("row \(row + 1): \(error)")
      }
      return index
    }
  }
}

/// The bytes of a range of the numbers that stand one after another from a place on.
func bytes(
  _ start: UnsafeRawPointer?, _ range: Range<Int>, of format: FloatFormat
) -> UnsafeRawBufferPointer {
  let size = format.byteCount
  return UnsafeRawBufferPointer(
    start: start.map { $0 + range.lowerBound * size }, count: range.count * size)
}
