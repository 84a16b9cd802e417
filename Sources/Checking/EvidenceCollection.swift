internal import Cases
internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine
internal import Reference

/// Asks a subject for batches of known composition, for the diagnosis of its errors.
struct EvidenceCollection {
  private let check: Check

  init(_ check: Check) {
    self.check = check
  }

  /// Ordinary logits first, then those at which clipped, shifted and narrow forms differ.
  private static let families: [Family] = [
    .normal, .uniform, .confident, .confidentAndWrong, .largeOffset, .overflowEdge, .hugeMagnitude,
    .argumentReduction,
  ]
  /// Rows and classes, never as many of one as of the other.
  private static let shapes = [(6, 3), (5, 4), (4, 7)]
  /// Where sums in 16 bits stand still.
  private static let longShape = (3, 2000)

  /// The shapes of batches, as many classes as there are weights where there are some.
  private var shapes: [(Int, Int)] {
    guard let count = check.weightCount else { return Self.shapes }
    return Self.shapes.map { (count == $0.0 ? count + 1 : $0.0, count) }
  }

  func evidence() async throws -> Evidence {
    var batches: [ObservedBatch] = []
    let isBinary = check.contract.function.isBinary
    for family in Self.families {
      for (rowCount, classCount) in isBinary ? [(7, 1), (5, 1)] : shapes {
        batches.append(try await batch(of: family, rowCount, classCount))
      }
    }
    if !isBinary {
      batches.append(try await batch(of: .normal, Self.longShape.0, Self.longShape.1))
    }
    return Evidence(
      of: check.contract.function, in: check.contract.format,
      outputFormat: check.contract.outputFormat, options: check.contract.options,
      batches: batches.filter { !$0.rows.isEmpty })
  }

  private func batch(
    of family: Family, _ rowCount: Int, _ classCount: Int
  ) async throws -> ObservedBatch {
    let shape = CaseShape(
      function: check.contract.function, format: check.contract.format, classCount: classCount)
    guard family.suits(shape) else { return ObservedBatch([]) }
    let family = check.contract.options.ignoreIndex.map(family.ignoring) ?? family
    let inputs = (0..<rowCount).map { family.input(shape, seed: check.plan.seed, index: $0) }
    let responses = try await check.subject.responses(to: inputs, in: check.contract.format)
    return ObservedBatch(
      zip(inputs, responses).compactMap { input, response in
        guard case .outputs(let computed) = response,
          let exact = try? Reference().evaluate(
            check.contract.function, input, options: check.contract.options,
            in: check.contract.outputFormat)
        else { return nil }
        return Observation(input: input, computed: computed, exact: exact.map(\.value))
      })
  }
}
