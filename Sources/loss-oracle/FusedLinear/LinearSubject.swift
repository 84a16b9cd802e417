internal import Checking
internal import LossOracle

/// What came of a question about a layer.
enum LinearAnswer: Sendable {
  case outputs(NumberColumn)
  /// That it does not compute such a thing, and why.
  case unsupported(String)
  /// An end, a hang, or what is no answer.
  case failed(Failure)
  case interrupted
}

/// Something that computes a linear layer fused with its loss.
protocol LinearSubject: Sendable {
  /// A quantity of a layer.
  func answer(
    _ quantity: LinearQuantity, of input: LinearInput, _ contract: LinearContract
  ) async -> LinearAnswer

  /// The same of one that has been started anew, and has answered nothing but an easy question.
  func answerAnew(
    _ quantity: LinearQuantity, of input: LinearInput, _ contract: LinearContract
  ) async -> LinearAnswer
}

/// A program that answers questions about layers over the live protocol.
///
/// It is started again whenever it has ended, hung or written what is no reply. What is no more than slow to start
/// does not hang: each start has an easy question of its own, and time for it.
actor LinearProgram: LinearSubject {
  private let program: LiveProgram
  private let timeout: Duration
  private let startTimeout: Duration
  /// A question that it has answered, and answers after each start.
  private var easy: (quantity: LinearQuantity, input: LinearInput, contract: LinearContract)?
  private var endCount = 0
  private var hangCount = 0
  private var surrender: String?

  /// Ends and hangs after which nothing more is asked.
  private static let greatestEndCount = 24
  private static let greatestHangCount = 8

  /// A program that is not running yet.
  ///
  /// - Parameters:
  ///   - name: What it is called in errors; the command where it is nil.
  ///   - timeout: How long one request may take, and `startTimeout` the first one after each start.
  init(
    _ command: [String], named name: String? = nil, timeout: Duration = .seconds(5),
    startTimeout: Duration = .seconds(60)
  ) {
    program = LiveProgram(command, named: name)
    self.timeout = timeout
    self.startTimeout = startTimeout
  }

  /// Lets the program end.
  func finish() async { await program.end(grace: .seconds(1)) }

  /// Starts the program, and asks it for the losses of a layer without difficulty, or for a gradient of them.
  ///
  /// - Throws: `ProgramError` where it cannot be started, or does not answer.
  func start(
    with input: LinearInput, _ contract: LinearContract
  ) async throws(ProgramError) {
    var last = Failure(.crash, "")
    for quantity in LinearQuantity.allCases {
      try program.start()
      switch await exchange(quantity, of: input, contract, patience: startTimeout) {
      case .interrupted: return
      case .failed(let failure) where !program.isRunning: last = failure
      // Any reply will do: what is wrong with it is found again with a layer of a family.
      default:
        easy = (quantity, input, contract)
        return
      }
    }
    throw program.answersNothing(last)
  }

  func answer(
    _ quantity: LinearQuantity, of input: LinearInput, _ contract: LinearContract
  ) async -> LinearAnswer {
    if let surrender { return .unsupported(surrender) }
    await restart()
    if let surrender { return .unsupported(surrender) }
    let answer = await exchange(quantity, of: input, contract, patience: timeout)
    if case .failed(let failure) = answer, !program.isRunning {
      endCount += 1
      if failure.kind == .hang { hangCount += 1 }
      if endCount >= Self.greatestEndCount || hangCount >= Self.greatestHangCount {
        surrender = "not asked: too many layers had ended the program"
      }
    }
    return answer
  }

  func answerAnew(
    _ quantity: LinearQuantity, of input: LinearInput, _ contract: LinearContract
  ) async -> LinearAnswer {
    await program.end()
    // What has been found may be confirmed when nothing else is asked any more.
    await restart()
    return program.isRunning
      ? await exchange(quantity, of: input, contract, patience: timeout)
      : .unsupported(surrender ?? "it was asked nothing")
  }

  /// Starts the program where it does not run, and waits until it has answered the easy question.
  private func restart() async {
    guard !program.isRunning, let easy else { return }
    do {
      try program.start()
    } catch {
      surrender = "not asked: \(error)"
      return
    }
    let answer = await exchange(
      easy.quantity, of: easy.input, easy.contract, patience: startTimeout)
    if case .failed(let failure) = answer, !program.isRunning {
      surrender = "not asked: started again, it does not answer (\(failure.message))"
    }
  }

  private func exchange(
    _ quantity: LinearQuantity, of input: LinearInput, _ contract: LinearContract,
    patience: Duration
  ) async -> LinearAnswer {
    let request = LinearRequest(contract: contract, input: input, quantity: quantity)
    let answer = await program.exchange(
      request.bytes, replySize: request.replySize, patience: patience, isWatched: true)
    switch answer {
    case .reply(let bytes):
      return .outputs(
        bytes.withUnsafeBytes { NumberColumn(contract.outputFormat, decoding: $0) })
    case .unsupported(let reason): return .unsupported(reason)
    case .wrongSize(let failure, _), .late(let failure), .failed(let failure):
      return .failed(failure)
    case .interrupted: return .interrupted
    }
  }
}
