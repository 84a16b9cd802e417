internal import Cases
internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine

extension BatchCheck {
  /// The numbers of rows of batches, in turn.
  private static let sizes = [1, 2, 3, 7, 64, 257]

  var classCount: Int {
    contract.options.classCount ?? plan.classCounts.upperBound
  }

  private var shape: CaseShape {
    CaseShape(
      function: contract.function, format: contract.format, input: contract.options.input,
      classCount: classCount)
  }

  var families: [Family] {
    let suitable = plan.families.filter { $0.greatestClassCount == nil && $0.suits(shape) }
    guard let label = contract.options.ignoreIndex else { return suitable }
    return suitable.map { $0.ignoring(label) }
  }

  /// Batches of some sizes that have so many rows together, those of one kind of target apart.
  func batches(of family: Family) -> [LossRows] {
    var (batches, start, turn): ([LossRows], Int, Int) = ([], 0, 0)
    while start < plan.caseCount {
      let count = Self.sizes[turn % Self.sizes.count]
      let indices = start..<start + count
      batches += family.rows(shape, seed: plan.seed, indices: indices).map(\.rows)
      (start, turn) = (indices.upperBound, turn + 1)
    }
    return batches
  }

  /// A batch without rows, and where there is a label for it, those whose rows are all ignored, and all but one.
  var edges: [LossRows] {
    let isBinary = contract.function.isBinary
    var rows = LossRows(
      contract.format, classCount: isBinary ? 1 : classCount,
      targetKind: contract.function.targetKinds[0])
    var edges = [rows]
    guard !isBinary, let label = contract.options.ignoreIndex else { return edges }
    let row = [FloatValue](repeating: .zero, count: classCount)
    for _ in 0..<3 { rows.append(LossInput(logits: row, target: .index(label))) }
    edges.append(rows)
    rows.append(LossInput(logits: row, target: .index(label == 0 ? classCount - 1 : 0)))
    edges.append(rows)
    return edges
  }
}
