internal import Cases
internal import LossFunctions
internal import Multiprecision
public import SmallFoundation

// Fixtures for people, and for suites in other languages: JSON in the manner of Project Wycheproof
// (C2SP), a case a line below a header that explains what stands in them.

extension FixturePlan {
  /// A piece is rendered by one thread.
  private static let pieceSize = 16

  /// The bytes of the JSON file.
  ///
  /// - Throws: As `writeJSON`.
  public func json(threadCount: Int) async throws -> Data {
    var summary = FixtureSummary()
    var body = Data()
    let plan = try await forEachRendered(threadCount: threadCount, { _, _ in }) { piece in
      summary.merge(piece.summary)
      body += piece.text
    }
    return Data(FixtureHeader(plan: plan, summary: summary).text.utf8) + body
      + Data(FixtureHeader.end.utf8)
  }

  /// Writes the cases as JSON, in memory that does not grow with their number.
  ///
  /// The header counts what the cases hold, so they are written to a file of their own first.
  ///
  /// - Parameter progress: Called with the number of cases that are rendered, and of all.
  /// - Returns: The plan of what is written, with the cases that are left out, as they are undecided.
  /// - Throws: `FileWriteError`; `ReferenceError` where all cases are undecided; `CancellationError` where the task is
  ///   cancelled.
  @discardableResult
  public func writeJSON(
    to path: String, threadCount: Int, progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> FixturePlan {
    let file = try PartialFile(for: path)
    let cases = try PartialFile(for: path)
    var summary = FixtureSummary()
    var size = 0
    let plan = try await forEachRendered(threadCount: threadCount, progress) { piece in
      summary.merge(piece.summary)
      try cases.write(piece.text, at: size)
      size += piece.text.count
    }
    let header = [UInt8](FixtureHeader(plan: plan, summary: summary).text.utf8)
    try file.write(header, at: 0)
    var copied = 0
    while copied < size {
      try Task.checkCancellation()
      let bytes = try cases.read(min(1 << 20, size - copied), at: copied)
      guard !bytes.isEmpty else {
        throw FileWriteError.cannotWrite(path: path, reason: "what was written is gone")
      }
      try file.write(bytes, at: header.count + copied)
      copied += bytes.count
    }
    try file.write(Array(FixtureHeader.end.utf8), at: header.count + size)
    try file.commit()
    return plan
  }

  /// - Returns: The plan without the cases that are undecided.
  private func forEachRendered(
    threadCount: Int, _ progress: (Int, Int) -> Void,
    consume: (RenderedCases) throws -> Void
  ) async throws -> FixturePlan {
    let pieces = OrderedPieces(
      of: caseCount, pieceSize: Self.pieceSize, threadCount: threadCount)
    var undecided: [UndecidedCase] = []
    var hasCases = false
    try await pieces.forEach {
      RenderedCases($0, of: self)
    } consume: { range, rendered in
      undecided += rendered.undecided
      var rendered = rendered
      if !hasCases { rendered.text = rendered.text.dropFirst() }
      hasCases = hasCases || !rendered.text.isEmpty
      try consume(rendered)
      progress(range.upperBound, caseCount)
    }
    guard let first = undecided.first else { return self }
    guard let plan = leavingOut(undecided.map(\.place)) else { throw first.error }
    return plan
  }
}

/// What the cases of a file hold.
struct FixtureSummary: Sendable {
  /// The flags that some case has.
  private(set) var flags: Set<FixtureFlag> = []
  /// The number of expected values of each class.
  private(set) var resultCounts: [ResultClass: Int] = [:]

  mutating func add(_ fixture: FixtureCase, of plan: FixturePlan) {
    flags.formUnion(fixture.flags)
    for value in fixture.expected {
      resultCounts[ResultClass(value, in: plan.format), default: 0] += 1
    }
  }

  mutating func merge(_ other: FixtureSummary) {
    flags.formUnion(other.flags)
    resultCounts.merge(other.resultCounts, uniquingKeysWith: +)
  }
}

/// The text of a range of cases: lines, each after a comma.
private struct RenderedCases: Sendable {
  var summary = FixtureSummary()
  var text = Data()
  var undecided: [UndecidedCase] = []

  init(_ range: Range<Int>, of plan: FixturePlan) {
    let renderer = CaseRenderer(plan: plan)
    var place = range.lowerBound
    for part in plan.parts(of: range) {
      for index in part.indices {
        do {
          let known = try FixtureCase(part.family, index, of: plan)
          summary.add(known, of: plan)
          text += Data(",\n    \(renderer.text(known))".utf8)
        } catch {
          undecided.append(UndecidedCase(place: place, error: error))
        }
        place += 1
      }
    }
  }
}
