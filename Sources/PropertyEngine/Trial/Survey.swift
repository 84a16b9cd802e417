internal import LossFunctions
internal import Synchronization

/// Where cases of a trial come from: those of one stage, a portion at a time.
struct CaseSource: Sendable {
  /// The name of the stage.
  let stage: String
  /// The number of cases.
  let count: Int
  /// The bytes that a case may take on its way.
  let caseSize: Int
  /// How many cases from one on are judged together, 1 or more.
  let portionSize: @Sendable (_ start: Int) -> Int
  /// A range of the cases.
  let cases: @Sendable (Range<Int>) -> [PlacedRows]
}

/// Cases that are judged together.
struct Portion: Sendable {
  let source: Int
  let range: Range<Int>
}

/// The way of many cases through a claim: drawn ahead, asked about one portion after another, judged behind.
///
/// The code that is asked waits for nobody: what can be known of the next cases is found out while it starts, and
/// while it computes those before them; what its answers say, while it computes the next ones. Portions are asked about
/// and told of in order, whatever the number of cores.
struct Survey {
  let claim: any Claim
  let sources: [CaseSource]
  /// Whether it is to be known of each row how near to failing it is.
  let isRanking: Bool

  /// How many bytes of rows there may be on the way, but for two portions: what a program's start leaves time for.
  private static let greatestSize = 1 << 26

  /// The portion after another, or the first; nil where there is none.
  private func portion(after last: Portion?) -> Portion? {
    var (source, start) = (last?.source ?? 0, last?.range.upperBound ?? 0)
    while source < sources.count, start >= sources[source].count {
      (source, start) = (source + 1, 0)
    }
    guard source < sources.count else { return nil }
    let (count, size) = (sources[source].count, sources[source].portionSize(start))
    return Portion(source: source, range: start..<start + min(size, count - start))
  }

  private func size(_ portion: Portion) -> Int {
    portion.range.count * sources[portion.source].caseSize
  }

  /// Judges all cases, until the task is cancelled.
  ///
  /// - Parameters:
  ///   - begin: Called before the code is asked anything.
  ///   - observe: Called with what each portion says, in order.
  func run(
    _ begin: @Sendable () async throws -> Void,
    observe: (Portion, [PlacedRows], [Judgements]) -> Void
  ) async throws {
    var last: Portion?
    var ahead: [Prepared] = []
    var behind: [Judged] = []
    defer { for each in ahead { each.task.cancel() } }
    /// The bytes on the way.
    var total = 0
    func prepare() {
      while total < Self.greatestSize || ahead.count < 2, let portion = portion(after: last) {
        last = portion
        total += size(portion)
        ahead.append(Prepared(portion, sources[portion.source], claim, isRanking))
      }
    }
    func tell(_ judged: Judged) async {
      let judgements = await judged.task.value
      total -= size(judged.portion)
      observe(judged.portion, judged.batches, judgements)
    }
    prepare()
    try await begin()
    while !Task.isCancelled, !ahead.isEmpty {
      let next = ahead.removeFirst()
      let asked = await next.task.value
      async let judgings = Self.ask(asked.questions)
      while let first = behind.first, first.isDone || total >= Self.greatestSize {
        await tell(behind.removeFirst())
      }
      prepare()
      behind.append(Judged(next.portion, asked.batches, try await judgings))
    }
    for judged in behind { await tell(judged) }
  }

  private static func ask(_ questions: [Question]) async throws -> [Question.Judging] {
    var judgings: [Question.Judging] = []
    for question in questions { judgings.append(try await question.ask()) }
    return judgings
  }
}

/// A portion about which nobody has been asked yet.
private struct Prepared {
  let portion: Portion
  let task: Task<(batches: [PlacedRows], questions: [Question]), Never>

  init(_ portion: Portion, _ source: CaseSource, _ claim: any Claim, _ isRanking: Bool) {
    self.portion = portion
    // Who waits for an answer goes first.
    task = Task(priority: .low) {
      guard !Task.isCancelled else { return ([], []) }
      let batches = source.cases(portion.range)
      var questions: [Question] = []
      for batch in batches {
        questions.append(await claim.question(about: batch.rows, ranking: isRanking))
      }
      return (batches, questions)
    }
  }
}

/// A portion that has been answered.
private struct Judged {
  let portion: Portion
  let batches: [PlacedRows]
  let task: Task<[Judgements], Never>
  private let end = End()

  init(_ portion: Portion, _ batches: [PlacedRows], _ judgings: [Question.Judging]) {
    self.portion = portion
    self.batches = batches
    task = Task(priority: .low) { [end] in
      let judgements = judgings.map { $0() }
      end.isReached.store(true, ordering: .releasing)
      return judgements
    }
  }

  /// Whether nobody need wait for it.
  var isDone: Bool { end.isReached.load(ordering: .acquiring) }

  private final class End: Sendable {
    let isReached = Atomic(false)
  }
}
