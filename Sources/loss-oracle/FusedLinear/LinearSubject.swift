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
  private let command: [String]
  private let name: String
  private let timeout: Duration
  private let startTimeout: Duration
  private var process: ChildProcess?
  private var requestCount = 0
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
    self.command = command
    self.name = name ?? command.joined(separator: " ")
    self.timeout = timeout
    self.startTimeout = startTimeout
  }

  /// Lets the program end.
  func finish() async {
    _ = await process?.end(grace: .seconds(1))
    process = nil
  }

  /// Starts the program, and asks it for the losses of a layer without difficulty, or for a gradient of them.
  ///
  /// - Throws: `ProgramError` where it cannot be started, or does not answer.
  func start(
    with input: LinearInput, _ contract: LinearContract
  ) async throws(ProgramError) {
    var reason = ""
    for quantity in LinearQuantity.allCases {
      if process == nil { process = try ChildProcess(command) }
      switch await exchange(quantity, of: input, contract, patience: startTimeout) {
      case .interrupted: return
      case .failed(let failure) where process == nil:
        reason = [failure.message, failure.note].compactMap(\.self).joined(separator: "; ")
      // Any reply will do: what is wrong with it is found again with a layer of a family.
      default:
        easy = (quantity, input, contract)
        return
      }
    }
    throw .answersNothing(command: name, reason: reason)
  }

  func answer(
    _ quantity: LinearQuantity, of input: LinearInput, _ contract: LinearContract
  ) async -> LinearAnswer {
    if let surrender { return .unsupported(surrender) }
    await restart()
    if let surrender { return .unsupported(surrender) }
    let answer = await exchange(quantity, of: input, contract, patience: timeout)
    if case .failed(let failure) = answer, process == nil {
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
    await end()
    // What has been found may be confirmed when nothing else is asked any more.
    await restart()
    return process == nil
      ? .unsupported(surrender ?? "it was asked nothing")
      : await exchange(quantity, of: input, contract, patience: timeout)
  }

  /// Starts the program where it does not run, and waits until it has answered the easy question.
  private func restart() async {
    guard process == nil, let easy else { return }
    do {
      process = try ChildProcess(command)
    } catch {
      surrender = "not asked: \(error)"
      return
    }
    let answer = await exchange(
      easy.quantity, of: easy.input, easy.contract, patience: startTimeout)
    if case .failed(let failure) = answer, process == nil {
      surrender = "not asked: started again, it does not answer (\(failure.message))"
    }
  }

  private func exchange(
    _ quantity: LinearQuantity, of input: LinearInput, _ contract: LinearContract,
    patience: Duration
  ) async -> LinearAnswer {
    guard let process else { return .interrupted }
    requestCount += 1
    let request = LinearRequest(contract: contract, input: input, quantity: quantity)
    let outcome = await process.exchange(
      request.bytes(id: requestCount), id: requestCount, replySize: request.replySize,
      patience: patience, grace: .milliseconds(2))
    switch outcome {
    case .reply(let bytes):
      return .outputs(
        bytes.withUnsafeBytes { NumberColumn(contract.outputFormat, decoding: $0) })
    case .unsupported(let reason): return .unsupported(reason)
    case .error(let reason): return .failed(Failure(.crash, "reported an error: \(reason)"))
    case .wrongSize(let size):
      return .failed(
        Failure(.outputCount, "answered with \(size) bytes instead of \(request.replySize)"))
    case .garbage(let reason):
      await end()
      return .failed(Failure(.garbage, reason))
    case .late:
      await end()
      return .failed(Failure(.hang, "no answer in \(patience / .seconds(1)) s"))
    case .stopped(let signal):
      await end()
      return .failed(Failure(.hang, "was stopped by signal \(signal)"))
    case .interrupted:
      await end()
      return .interrupted
    case .ended:
      self.process = nil
      let (ending, message, note) = await process.ownEnding()
      return .failed(
        Failure(.crash, message, note: note, mayComeFromOutside: ending.mayComeFromOutside))
    }
  }

  private func end() async {
    _ = await process?.end()
    process = nil
  }
}
