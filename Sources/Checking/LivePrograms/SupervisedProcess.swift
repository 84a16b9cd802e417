internal import Dispatch
internal import SmallFoundation
internal import Supervision
internal import Synchronization

/// A program in a process group of its own, which ends with all that it has started: when it ends by
/// itself, when it is told to, and when this process ends, however that is.
package final class SupervisedProcess: Sendable {
  /// How a program has ended.
  package enum Ending: Hashable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case killed(signal: Int32)
    /// It was ended from here.
    case ended

    package var description: String {
      switch self {
      case .exited(let status): "exited with status \(status)"
      case .killed(let signal): "was killed by signal \(signal) (\(Self.name(of: signal)))"
      case .ended: "was ended"
      }
    }

    /// Whether it is what a system sends that has no memory left.
    package var mayComeFromOutside: Bool { self == .killed(signal: SIGKILL) }

    private static func name(of signal: Int32) -> String {
      switch signal {
      case SIGSEGV: "segmentation fault"
      case SIGABRT: "abort"
      case SIGFPE: "arithmetic exception"
      case SIGILL: "illegal instruction"
      case SIGBUS: "bus error"
      case SIGKILL: "kill"
      case SIGTERM: "termination"
      case SIGTRAP: "trap"
      default: "see signal(7)"
      }
    }
  }

  private struct State {
    var ending: Ending?
    var stoppingSignal: Int32?
    /// Whether its end has been asked for.
    var isAskedToEnd = false
    var hasStarted = false
    /// Why it could not be started (errno).
    var reason: Int32?
    var isReaped = false
  }

  /// Readable when something has happened to the program.
  let leash: Int32
  /// The process between the program and this one.
  package let supervisor: Int32
  private let state = Mutex(State())

  /// Starts a program, without a shell.
  ///
  /// - Parameter streams: What are to be its stdin, stdout and stderr.
  /// - Throws: `ProgramError.cannotStart`.
  package init(_ command: [String], streams: [Int32]) throws(ProgramError) {
    let text = command.joined(separator: " ")
    guard let name = command.first, !name.isEmpty else {
      throw .cannotStart(command: text, reason: "the command is empty")
    }
    // A program that ends leaves a broken pipe, which is to be an error of `write`, not a signal.
    signal(SIGPIPE, SIG_IGN)
    // The supervisor reads them until its first event.
    let arguments = UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>.allocate(
      capacity: command.count + 1)
    _ = arguments.initialize(from: command.map { strdup($0) } + [nil])
    defer {
      for argument in arguments { free(argument) }
      arguments.deallocate()
    }
    var leash: Int32 = -1
    supervisor = LOSupervise(arguments.baseAddress, streams, &leash)
    guard supervisor > 0 else {
      throw .cannotStart(command: text, reason: String(cString: strerror(errno)))
    }
    self.leash = leash
    readEvents(waiting: true)
    if let reason = state.withLock({ $0.reason }) {
      throw .cannotStart(command: text, reason: String(cString: strerror(reason)))
    }
    guard state.withLock({ $0.hasStarted }) else {
      throw .cannotStart(command: text, reason: "the system has no room for it")
    }
  }

  deinit {
    close(leash)
    state.withLock { reap(&$0) }
  }

  /// Takes the supervisor from the list of processes once it has told how its program ended: all that it does then is end.
  ///
  /// What is left there keeps those busy who wait for any child of this process, as Swift Testing does.
  private func reap(_ state: inout State) {
    guard !state.isReaped else { return }
    while waitpid(supervisor, nil, 0) < 0, errno == EINTR { continue }
    state.isReaped = true
  }

  /// The signal that has stopped the program, where one has.
  var stoppingSignal: Int32? {
    readEvents(waiting: false)
    return state.withLock { $0.stoppingSignal }
  }

  /// How the program has ended, waited for so long; nil where it runs on.
  package func ending(within patience: Duration) -> Ending? {
    let deadline = ContinuousClock.now + patience
    while true {
      readEvents(waiting: false)
      if let ending = state.withLock({ $0.ending }) { return ending }
      let remaining = deadline - .now
      guard remaining > .zero else { return nil }
      var event = pollfd(fd: leash, events: Int16(POLLIN), revents: 0)
      poll(&event, 1, remaining.pollTime)
    }
  }

  /// The same, without holding up the task's thread.
  package func ending(waiting patience: Duration) async -> Ending? {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: self.ending(within: patience)) }
    }
  }

  /// Ends the program and all that it has started.
  @discardableResult
  package func end() -> Ending {
    state.withLock { state in
      if state.ending == nil, !state.isAskedToEnd { write(leash, [1], 1) }
      state.isAskedToEnd = true
    }
    return ending(within: .seconds(3)) ?? .ended
  }

  /// Takes what the supervisor has told; where `waiting`, waits for the first of it.
  private func readEvents(waiting: Bool) {
    state.withLock { state in
      defer { if state.ending != nil { reap(&state) } }
      var event = LOEvent()
      var isFirst = waiting
      while state.ending == nil {
        let size = MemoryLayout<LOEvent>.size
        let count = recv(leash, &event, size, Int32(isFirst ? MSG_WAITALL : MSG_DONTWAIT))
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN { return }
        guard count == size else {
          state.ending = .ended
          return
        }
        isFirst = false
        switch Int(event.event) {
        case LOStarted: state.hasStarted = true
        case LONotStarted: state.reason = event.value
        case LOStopped: state.stoppingSignal = event.value
        case LOExited: state.ending = .exited(event.value)
        default:
          let isOurs = state.isAskedToEnd && event.value == SIGKILL
          state.ending = isOurs ? .ended : .killed(signal: event.value)
        }
      }
    }
  }
}

extension Duration {
  /// The time in milliseconds, rounded up, as `poll` takes it.
  var pollTime: Int32 {
    let milliseconds =
      components.seconds.multipliedReportingOverflow(by: 1000).partialValue
      + components.attoseconds / 1_000_000_000_000_000 + 1
    return components.seconds > 1_000_000 ? 1_000_000_000 : Int32(clamping: milliseconds)
  }
}
