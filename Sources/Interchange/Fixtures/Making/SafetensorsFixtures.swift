internal import Cases
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import Reference

// Fixtures in bulk: tensors of a file of any size, in memory that does not grow with it.

extension FixturePlan {
  /// Writes the cases as tensors `logits` (`probabilities`, `log_probabilities`), `targets`, `grad_output` and `expected`,
  /// [rows] or [rows, classes]; or [outer, inner] or [outer, classes, inner], where the layout is such.
  ///
  /// The file appears in its place when it is complete. What the sizes are is known at the start, so
  /// that rows are written where they belong as they are computed; where cases are undecided, which is seldom so, all
  /// is written again without them.
  ///
  /// - Parameter progress: Called with the number of rows that are written, and of all.
  /// - Returns: The plan of what is written, with the cases that are left out.
  /// - Throws: `FixturePlanError`, `FileWriteError`, `SafetensorsError`; `ReferenceError` where all cases are undecided;
  ///   `CancellationError` where the task is cancelled.
  @discardableResult
  public func writeSafetensors(
    to path: String, threadCount: Int, progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> FixturePlan {
    var plan = self
    while true {
      let file = try PartialFile(for: path)
      let undecided = try await plan.writeRows(
        to: file, threadCount: threadCount, progress)
      guard let first = undecided.first else {
        try file.commit()
        return plan
      }
      guard let rest = plan.leavingOut(undecided.map(\.place)) else { throw first.error }
      plan = rest
    }
  }

  /// Writes all rows.
  ///
  /// - Returns: The rows that are undecided, in order.
  private func writeRows(
    to file: borrowing PartialFile, threadCount: Int,
    _ progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> [UndecidedCase] {
    let rows = try TensorRows(self)
    let layout = try rows.layout
    try file.resize(to: layout.byteCount)
    try file.write([UInt8](layout.header), at: 0)
    let pieces = OrderedPieces(
      of: caseCount, pieceSize: rows.pieceSize, threadCount: threadCount)
    var undecided: [UndecidedCase] = []
    try await pieces.forEach {
      try rows.encoded($0)
    } consume: { range, piece in
      undecided += piece.undecided
      for (position, region) in piece.regions.enumerated() {
        let byteCount = region.count / range.count
        try file.write(region, at: layout.offsets[position] + range.lowerBound * byteCount)
      }
      progress(range.upperBound, caseCount)
    }
    return undecided
  }
}

/// A case without an expected value.
struct UndecidedCase {
  /// Its place among the cases of the plan.
  let place: Int
  let error: ReferenceError
}

/// The rows of a plan as bytes of tensors.
private struct TensorRows: Sendable {
  let plan: FixturePlan
  private let type: SafetensorsTensor.ElementType
  private let classCount: Int
  private let targetKind: TargetKind

  /// The first row tells what the others must be like.
  init(_ plan: FixturePlan) throws(FixturePlanError) {
    self.plan = plan
    guard let type = SafetensorsTensor.ElementType(plan.format) else {
      throw .noTensorType(plan.format)
    }
    let first = plan.parts[0].family.input(plan.shape, seed: plan.seed, index: 0)
    self.type = type
    classCount = first.logits.count
    targetKind = first.target.kind
  }

  /// Of some 64 KiB of each tensor: a piece is worth a thread's while, and small beside memory.
  var pieceSize: Int {
    plan.layout.filled(max(1, min(4096, (1 << 16) / max(classCount * type.byteCount, 1))))
  }

  private var tensors: [SafetensorsLayout.Tensor] {
    let single = plan.rowShape
    let perClass = plan.function.isBinary ? single : plan.tensorShape(each: classCount)
    var tensors = [
      SafetensorsLayout.Tensor(name: plan.input.tensorName, elementType: type, shape: perClass)
    ]
    let shape =
      plan.function.hasOutputList && !plan.function.hasOutputPerClass
      ? plan.tensorShape(each: plan.function.outputCount(classCount: classCount))
      : plan.function.hasOutputPerClass ? perClass : single
    tensors.append(.init(name: "expected", elementType: type, shape: shape))
    switch targetKind {
    case .none: break
    case .index: tensors.append(.init(name: "targets", elementType: .int64, shape: single))
    case .probabilities: tensors.append(.init(name: "targets", elementType: type, shape: perClass))
    case .logits:
      tensors.append(.init(name: "target_logits", elementType: type, shape: perClass))
    }
    switch plan.function.gradOutputKind(plan.options) {
    case .none: break
    case .row: tensors.append(.init(name: "grad_output", elementType: type, shape: single))
    case .classes: tensors.append(.init(name: "grad_output", elementType: type, shape: perClass))
    case .partials:
      let shape = plan.tensorShape(each: 2 * classCount)
      tensors.append(.init(name: "partials", elementType: type, shape: shape))
    }
    return tensors
  }

  var layout: SafetensorsLayout {
    get throws(SafetensorsError) {
      var metadata = [
        "generator": "loss-oracle", "version": PackageVersion.current,
        "schema": FixtureSchema.tensors, "function": plan.function.rawValue,
        "format": plan.format.name, "rounding": RoundingDirection.nearestEven.rawValue,
        "seed": "\(plan.seed)",
        "family": plan.parts.map(\.family.name).joined(separator: ","),
        "family_rows": plan.parts.map { "\($0.caseCount)" }.joined(separator: ","),
      ]
      if let options = plan.optionText { metadata["options"] = options }
      let undecided = plan.undecidedCases
      if !undecided.isEmpty {
        metadata["undecided"] = "\(undecided.count)"
        metadata["undecided_cases"] = undecided.joined(separator: ",")
      }
      if plan.layout.inner != nil { metadata["class_axis"] = "\(plan.classAxis)" }
      return try SafetensorsLayout(tensors, metadata: metadata)
    }
  }

  /// The bytes of a range of rows in each tensor, in the tensors' order, and the rows that are undecided.
  func encoded(
    _ range: Range<Int>
  ) throws -> (regions: [[UInt8]], undecided: [UndecidedCase]) {
    var undecided: [UndecidedCase] = []
    var start = range.lowerBound
    var columns = tensors.map { _ in NumberColumn(plan.format) }
    var labels: [Int64] = []
    func append(_ column: NumberColumn, to tensor: Int) {
      columns[tensor].append(column, 0..<column.count)
    }
    for part in plan.parts(of: range) {
      let rows = try rows(of: part.family, part.indices)
      let expected = try Reference().evaluate(
        plan.function, rows, options: plan.options, in: plan.format)
      undecided += expected.undecided.sorted { $0.key < $1.key }.map {
        UndecidedCase(place: start + $0.key, error: $0.value)
      }
      start += part.indices.count
      append(rows.logits, to: 0)
      append(expected.values, to: 1)
      switch targetKind {
      case .none: break
      case .index: labels += rows.labels.map { Int64($0).littleEndian }
      case .probabilities, .logits: append(rows.probabilities, to: 2)
      }
      if rows.gradOutputCount > 0 { append(rows.gradOutputs, to: columns.count - 1) }
    }
    // Places of the array go by blocks, which may be of several families.
    var regions = columns.map {
      $0.laidOut(plan.layout, each: $0.count / range.count).encoded
    }
    if targetKind == .index { regions[2] = labels.withUnsafeBytes { [UInt8]($0) } }
    return (regions, undecided)
  }

  /// Cases of a family, all of which must be like the first row.
  private func rows(of family: Family, _ indices: Range<Int>) throws(FixturePlanError) -> LossRows {
    let batches = family.rows(plan.shape, seed: plan.seed, indices: indices)
    let unlike = batches.first {
      $0.rows.classCount != classCount || $0.rows.targetKind != targetKind
    }
    guard let unlike else { return batches[0].rows }
    let isAsWide = unlike.rows.classCount == classCount
    throw .unlikeOthers(
      family: family.name, index: unlike.places[0],
      what: isAsWide ? "another kind of target" : "\(unlike.rows.classCount) classes rather")
  }
}
