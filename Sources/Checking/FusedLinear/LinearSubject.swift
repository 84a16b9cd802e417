internal import FloatFormats
public import Interchange
public import LossFunctions

/// What came of a question about a layer.
public enum LinearAnswer: Sendable {
  case outputs(NumberColumn)
  /// That it does not compute such a thing, and why.
  case unsupported(String)
  /// An end, a hang, or what is no answer.
  case failed(String)
  case interrupted
}

/// Something that computes a linear layer fused with its loss.
public protocol LinearSubject: Sendable {
  /// A quantity of a layer.
  func answer(
    _ quantity: LinearQuantity, of input: LinearInput, _ contract: LinearContract
  ) async -> LinearAnswer
}

/// A program that answers questions about layers over the live protocol.
///
/// An end or a hang counts where a new process repeats it.
public actor LinearProgram: LinearSubject {
  private let command: [String]
  private let name: String
  private let timeout: Duration
  private let startTimeout: Duration
  private var process: ChildProcess?
  private var requestCount = 0
  /// Whether it has ever answered.
  private var hasAnswered = false
  private var endCount = 0
  private var surrender: String?

  /// Ends after which nothing more is asked.
  private static let greatestEndCount = 24

  /// A program that is not running yet.
  ///
  /// - Parameters:
  ///   - name: What it is called in errors; the command where it is nil.
  ///   - timeout: How long one request may take, and `startTimeout` the first one.
  public init(
    _ command: [String], named name: String? = nil, timeout: Duration = .seconds(5),
    startTimeout: Duration = .seconds(60)
  ) {
    self.command = command
    self.name = name ?? command.joined(separator: " ")
    self.timeout = timeout
    self.startTimeout = startTimeout
  }

  /// Lets the program end.
  public func finish() async {
    _ = await process?.end(grace: .seconds(1))
    process = nil
  }

  /// Starts the program, and asks it for the losses of a layer without difficulty.
  ///
  /// - Throws: `ProgramError` where it cannot be started, or does not answer.
  public func start(
    with easy: LinearInput, _ contract: LinearContract
  ) async throws(ProgramError) {
    process = try ChildProcess(command)
    for quantity in LinearQuantity.allCases {
      if process == nil { process = try ChildProcess(command) }
      switch await ask(quantity, of: easy, contract) {
      case .outputs, .unsupported: continue
      case .failed(let reason) where !hasAnswered:
        throw .answersNothing(command: name, reason: reason)
      case .failed, .interrupted: return
      }
    }
  }

  public func answer(
    _ quantity: LinearQuantity, of input: LinearInput, _ contract: LinearContract
  ) async -> LinearAnswer {
    if let surrender { return .unsupported(surrender) }
    let first = await ask(quantity, of: input, contract)
    guard case .failed = first, process == nil else { return first }
    let second = await ask(quantity, of: input, contract)
    if case .failed = second, process == nil {
      endCount += 1
      if endCount >= Self.greatestEndCount {
        surrender = "not asked: too many layers had ended the program"
      }
    }
    return second
  }

  private func ask(
    _ quantity: LinearQuantity, of input: LinearInput, _ contract: LinearContract
  ) async -> LinearAnswer {
    if process == nil {
      do {
        process = try ChildProcess(command)
      } catch {
        surrender = "not asked: \(error)"
        return .failed(error.description)
      }
      hasAnswered = false
    }
    guard let process else { return .interrupted }
    requestCount += 1
    let request = LinearRequest(contract: contract, input: input, quantity: quantity)
    let patience = hasAnswered ? timeout : startTimeout
    let outcome = await process.exchange(
      request.bytes(id: requestCount), id: requestCount, replySize: request.replySize,
      patience: patience, grace: .milliseconds(2))
    switch outcome {
    case .reply(let bytes):
      hasAnswered = true
      return .outputs(
        bytes.withUnsafeBytes { NumberColumn(contract.outputFormat, decoding: $0) })
    case .unsupported(let reason):
      hasAnswered = true
      return .unsupported(reason)
    case .error(let reason):
      hasAnswered = true
      return .failed("reported an error: \(reason)")
    case .wrongSize(let size):
      hasAnswered = true
      return .failed("answered with \(size) bytes instead of \(request.replySize)")
    case .garbage(let reason): return await ended(reason)
    case .late: return await ended("no answer in \(patience / .seconds(1)) s")
    case .stopped(let signal): return await ended("was stopped by signal \(signal)")
    case .interrupted:
      _ = await ended("")
      return .interrupted
    case .ended:
      self.process = nil
      let (_, message, note) = await process.ownEnding()
      return .failed([message, note].compactMap(\.self).joined(separator: "; "))
    }
  }

  private func ended(_ reason: String) async -> LinearAnswer {
    _ = await process?.end()
    process = nil
    return .failed(reason)
  }
}
