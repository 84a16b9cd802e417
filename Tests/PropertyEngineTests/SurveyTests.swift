import Cases
import FloatFormats
import LossFunctions
import SmallFoundation
import Synchronization
import Testing

@testable import PropertyEngine

@Suite struct `A survey` {
  /// A claim about cases that are numbered by their logit, which takes some time over each step.
  private struct Numbered: Claim {
    let function = LossFunction.softplus
    let format = FloatFormat.float32
    let statement = "asked in order"
    let log = Log()

    final class Log: Sendable {
      private let state = Mutex(
        (asked: [Int](), isAsking: false, questionCount: 0, inLine: Set<Int>()))

      /// The first cases of the portions that have been asked about.
      var asked: [Int] { state.withLock(\.asked) }
      var questionCount: Int { state.withLock(\.questionCount) }

      /// The first cases of the portions that stand in line and are waited for.
      var inLine: Set<Int> { state.withLock(\.inLine) }

      func line(up first: Int) { state.withLock { _ = $0.inLine.insert(first) } }
      func leaveLine(_ first: Int) { state.withLock { _ = $0.inLine.remove(first) } }

      func noteQuestion() { state.withLock { $0.questionCount += 1 } }

      /// Whether another question is being asked.
      func begin(_ first: Int) -> Bool {
        state.withLock { state in
          defer { state.isAsking = true }
          state.asked.append(first)
          return state.isAsking
        }
      }

      func end() { state.withLock { $0.isAsking = false } }
    }

    func judge(_ rows: LossRows, patiently: Bool) async throws -> Judgements {
      Judgements(count: rows.count)
    }

    func question(about rows: LossRows, ranking: Bool) async -> Question {
      let first = Int(rows.logits[0].double)
      log.noteQuestion()
      if first % 3 == 0 { await Task.yield() }
      return Question {
        log.line(up: first)
        return Pending {
          log.leaveLine(first)
          let isAskingAnother = log.begin(first)
          #expect(!isAskingAnother)
          if first % 5 == 0 { await Task.yield() }
          log.end()
          return {
            // The first takes until others have been asked about.
            for _ in 0..<2000 where first == 0 && log.asked.count < 8 { usleep(1000) }
            return Judgements(count: rows.count)
          }
        } cancel: {
          log.leaveLine(first)
        }
      }
    }
  }

  private func source(_ name: String, _ count: Int, of size: Int) -> CaseSource {
    CaseSource(stage: name, count: count, caseSize: 1 << 20) { _ in
      size
    } cases: { range in
      var rows = LossRows(.float32, classCount: 1, targetKind: .none)
      for place in range { rows.append(LossInput(logits: [FloatValue(Double(place))])) }
      return [PlacedRows(rows, places: Array(range))]
    }
  }

  @Test func `asks about all cases once and tells of them in order`() async throws {
    let claim = Numbered()
    let sources = [source("a", 301, of: 4), source("none", 0, of: 4), source("b", 7, of: 3)]
    var told: [(source: Int, range: Range<Int>)] = []
    try await Survey(claim: claim, sources: sources, isRanking: false).run {
      #expect(claim.log.asked.isEmpty)
    } observe: { portion, batches, judgements in
      #expect(batches[0].places == Array(portion.range))
      #expect(judgements[0].count == portion.range.count)
      told.append((portion.source, portion.range))
    }
    let expected = [(0, 301, 4), (2, 7, 3)].flatMap { source, count, size in
      stride(from: 0, to: count, by: size).map { (source, $0..<min($0 + size, count)) }
    }
    #expect(told.elementsEqual(expected) { $0.source == $1.0 && $0.range == $1.1 })
    #expect(claim.log.asked == expected.map(\.1.lowerBound))
  }

  @Test func `draws few cases ahead and asks nothing where the beginning fails`() async {
    struct NotStarted: Error {}
    let claim = Numbered()
    await #expect(throws: NotStarted.self) {
      try await Survey(
        claim: claim, sources: [source("a", 10_000, of: 4)], isRanking: false
      ).run {
        throw NotStarted()
      } observe: { _, _, _ in
        Issue.record("told of what was not asked")
      }
    }
    #expect(claim.log.asked.isEmpty)
    // 2²⁶ bytes in portions of 2²².
    #expect(claim.log.questionCount <= 17)
  }

  @Test func `ends when it is cancelled, with what has been asked`() async throws {
    let claim = Numbered()
    let source = source("a", 100_000, of: 2)
    let task = Task {
      var toldCount = 0
      try await Survey(claim: claim, sources: [source], isRanking: false).run {
      } observe: { portion, _, _ in
        toldCount += 1
        if portion.range.lowerBound == 40 { withUnsafeCurrentTask { $0?.cancel() } }
      }
      return toldCount
    }
    let toldCount = try await task.value
    let asked = claim.log.asked
    #expect(asked.count < 1000 && asked == asked.indices.map { 2 * $0 })
    #expect(toldCount == asked.count)
    #expect(claim.log.inLine.isEmpty)
  }
}
