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
/// while it computes those before them; the next question stands in line by then; and what its answers say is found
/// out while it computes the next ones. It has a core for itself, where there are several. Portions are asked about and
/// told of in order, whatever the number of cores.
struct Survey {
  let claim: any Claim
  let sources: [CaseSource]
  /// Whether it is to be known of each row how near to failing it is.
  let isRanking: Bool

  /// How many bytes of rows there may be on the way, but for two portions: what a program's start leaves time for.
  private static let greatestSize = 1 << 26
  /// How many portions are asked about at a time: the one that is computed, and those in line.
  private static let greatestAskedCount = 3
  /// How many portions are prepared at a time: the code that is asked has a core for itself.
  private static let laneCount = max(1, OrderedPieces.coreCount - 1)

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
    var asked: [Asked] = []
    var behind: [Judged] = []
    var lanes = [Prepared?](repeating: nil, count: Self.laneCount)
    defer {
      for each in ahead { each.work.task.cancel() }
      for each in asked { each.cancel() }
    }
    /// The bytes on the way.
    var total = 0
    func prepare() {
      while total < Self.greatestSize || ahead.count < 2, let portion = portion(after: last) {
        last = portion
        total += size(portion)
        let prepared = Prepared(
          portion, sources[portion.source], claim, isRanking, after: lanes.removeFirst())
        lanes.append(prepared)
        ahead.append(prepared)
      }
    }
    /// Asks about the next portions, as far as they are prepared.
    func ask() async {
      while let next = ahead.first, next.work.isDone, asked.count < Self.greatestAskedCount {
        asked.append(await Asked(ahead.removeFirst()))
      }
    }
    func tell(_ judged: Judged) async {
      let judgements = await judged.work.task.value
      total -= size(judged.portion)
      observe(judged.portion, judged.batches, judgements)
    }
    prepare()
    try await begin()
    while !Task.isCancelled, !ahead.isEmpty || !asked.isEmpty {
      await ask()
      let next = asked.isEmpty ? await Asked(ahead.removeFirst()) : asked.removeFirst()
      async let judgings = next.answered()
      while let first = behind.first, first.work.isDone || total >= Self.greatestSize {
        await tell(behind.removeFirst())
      }
      prepare()
      await ask()
      behind.append(Judged(next.portion, next.batches, try await judgings))
    }
    for judged in behind { await tell(judged) }
  }
}

/// A portion about which nobody has been asked yet.
private struct Prepared {
  let portion: Portion
  let work: Work<(batches: [PlacedRows], questions: [Question])>

  /// - Parameter previous: What is to be prepared before.
  init(
    _ portion: Portion, _ source: CaseSource, _ claim: any Claim, _ isRanking: Bool,
    after previous: Prepared?
  ) {
    self.portion = portion
    let before = previous?.work
    work = Work {
      _ = await before?.task.value
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

/// A portion that has been asked about.
private struct Asked {
  let portion: Portion
  let batches: [PlacedRows]
  private var judgings: [Pending<Question.Judging>] = []

  /// Asks about a portion once it is prepared.
  init(_ prepared: Prepared) async {
    let (batches, questions) = await prepared.work.task.value
    (portion, self.batches) = (prepared.portion, batches)
    for question in questions { judgings.append(await question.ask()) }
  }

  /// What is left to be done when the code has answered.
  func answered() async throws -> [Question.Judging] {
    var answered: [Question.Judging] = []
    for judging in judgings { answered.append(try await judging.value()) }
    return answered
  }

  /// Waits for no answer.
  func cancel() { for judging in judgings { judging.cancel() } }
}

/// A portion that has been answered.
private struct Judged {
  let portion: Portion
  let batches: [PlacedRows]
  let work: Work<[Judgements]>

  init(_ portion: Portion, _ batches: [PlacedRows], _ judgings: [Question.Judging]) {
    self.portion = portion
    self.batches = batches
    work = Work { judgings.map { $0() } }
  }
}

/// What is done beside the questions: who waits for an answer goes first.
private struct Work<Value: Sendable>: Sendable {
  let task: Task<Value, Never>
  private let end = End()

  init(_ body: @escaping @Sendable () async -> Value) {
    task = Task(priority: .low) { [end] in
      let value = await body()
      end.isReached.store(true, ordering: .releasing)
      return value
    }
  }

  /// Whether nobody need wait for it.
  var isDone: Bool { end.isReached.load(ordering: .acquiring) }

  private final class End: Sendable {
    let isReached = Atomic(false)
  }
}
