internal import Cases
internal import FloatFormats
internal import Foundation
internal import LossFunctions
internal import Multiprecision
internal import Reference

// Fixtures in bulk: tensors of a file of any size, in memory that does not grow with it.

extension FixturePlan {
  /// Writes the cases as tensors `logits`, `targets` and `expected`, [rows] or [rows, classes].
  ///
  /// The file appears in its place when it is complete. What the sizes are is known at the start, so
  /// that rows are written where they belong as they are computed.
  ///
  /// - Parameter progress: Called with the number of rows that are written, and of all.
  /// - Throws: `FixturePlanError`, `FixtureWriteError`, `ReferenceError`, `SafetensorsError`;
  ///   `CancellationError` where the task is cancelled.
  public func writeSafetensors(
    to path: String, threadCount: Int, progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws {
    let rows = try TensorRows(self)
    let layout = try rows.layout
    let file = try PartialFile(for: path)
    try file.resize(to: layout.byteCount)
    try file.write(layout.header, at: 0)
    let pieces = OrderedPieces(
      of: caseCount, pieceSize: rows.pieceSize, threadCount: threadCount)
    try await pieces.forEach {
      try rows.encoded($0)
    } consume: { range, regions in
      for (position, region) in regions.enumerated() {
        try file.write(
          region, at: layout.offsets[position] + range.lowerBound * rows.byteCounts[position])
      }
      progress(range.upperBound, caseCount)
    }
    try file.commit()
  }
}

/// The rows of a plan as bytes of tensors.
private struct TensorRows: Sendable {
  private enum Targets {
    case none, labels, probabilities
  }

  let plan: FixturePlan
  private let type: SafetensorsTensor.ElementType
  private let classCount: Int
  private let targets: Targets

  /// The first row tells what the others must be like.
  init(_ plan: FixturePlan) throws(FixturePlanError) {
    self.plan = plan
    guard let type = SafetensorsTensor.ElementType(plan.format) else {
      throw .noTensorType(plan.format)
    }
    let first = plan.fixture(0).input
    self.type = type
    classCount = first.logits.count
    targets =
      switch first.target {
      case .none: .none
      case .index: .labels
      case .probabilities: .probabilities
      }
  }

  /// Of some 64 KiB of each tensor: a piece is worth a thread's while, and small beside memory.
  var pieceSize: Int { max(1, min(4096, (1 << 16) / max(classCount * type.byteCount, 1))) }

  private var tensors: [SafetensorsLayout.Tensor] {
    let rows = plan.caseCount
    let (single, perClass) = ([rows], plan.function.isBinary ? [rows] : [rows, classCount])
    var tensors = [SafetensorsLayout.Tensor(name: "logits", elementType: type, shape: perClass)]
    let isPerClass = plan.function.hasOutputPerClass
    tensors.append(
      .init(name: "expected", elementType: type, shape: isPerClass ? perClass : single))
    switch targets {
    case .none: break
    case .labels: tensors.append(.init(name: "targets", elementType: .int64, shape: single))
    case .probabilities: tensors.append(.init(name: "targets", elementType: type, shape: perClass))
    }
    return tensors
  }

  /// The bytes of one row in each tensor.
  var byteCounts: [Int] {
    tensors.map { $0.elementType.byteCount * ($0.shape.count == 2 ? classCount : 1) }
  }

  var layout: SafetensorsLayout {
    get throws(SafetensorsError) {
      let metadata = [
        "generator": "loss-oracle", "version": PackageVersion.current,
        "schema": FixtureSchema.tensors, "function": plan.function.rawValue,
        "format": plan.format.name, "rounding": RoundingDirection.nearestEven.rawValue,
        "seed": "\(plan.seed)",
        "family": plan.parts.map(\.family.name).joined(separator: ","),
        "family_rows": plan.parts.map { "\($0.caseCount)" }.joined(separator: ","),
      ]
      return try SafetensorsLayout(tensors, metadata: metadata)
    }
  }

  /// The bytes of a range of rows in each tensor, in the tensors' order.
  func encoded(_ rows: Range<Int>) throws -> [[UInt8]] {
    let reference = Reference()
    var regions = byteCounts.map { count in
      var region: [UInt8] = []
      region.reserveCapacity(count * rows.count)
      return region
    }
    for index in rows {
      let fixture = plan.fixture(index)
      let input = fixture.input
      guard input.logits.count == classCount else {
        throw FixturePlanError.unlikeOthers(
          family: fixture.family.name, index: fixture.index,
          what: "\(input.logits.count) classes rather")
      }
      let expected = try reference.evaluate(plan.function, input, in: plan.format)
      append(input.logits, to: &regions[0])
      append(expected.map(\.value), to: &regions[1])
      switch (targets, input.target) {
      case (.none, .none): break
      case (.labels, .index(let label)):
        withUnsafeBytes(of: Int64(label).littleEndian) { regions[2].append(contentsOf: $0) }
      case (.probabilities, .probabilities(let values)): append(values, to: &regions[2])
      default:
        throw FixturePlanError.unlikeOthers(
          family: fixture.family.name, index: fixture.index, what: "another kind of target")
      }
    }
    return regions
  }

  /// Values of the format, as families and the reference give them.
  private func append(_ values: [FloatValue], to region: inout [UInt8]) {
    for value in values {
      let bits = UInt64(truncatingIfNeeded: plan.format.encode(value) ?? 0)
      withUnsafeBytes(of: bits.littleEndian) {
        region.append(contentsOf: $0.prefix(type.byteCount))
      }
    }
  }
}
