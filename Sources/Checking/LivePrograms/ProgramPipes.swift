internal import SmallFoundation
internal import Synchronization

/// Our ends of the pipes to a program's stdin, stdout and stderr.
final class ProgramPipes: Sendable {
  /// How an exchange went.
  enum Outcome: Sendable {
    case reply([UInt8])
    case unsupported(String)
    case error(String)
    /// A reply that is none.
    case garbage(String)
    /// A reply of so many bytes, and not as many as were due.
    case wrongSize(Int)
    /// The end of the program or of its output.
    case ended
    /// That a signal has stopped it.
    case stopped(Int32)
    /// No reply in time.
    case late
    /// That nobody waits for it any more.
    case interrupted

    var isReply: Bool { if case .reply = self { true } else { false } }
  }

  private let input: Int32
  private let output: Int32
  private let errors: Int32
  /// A byte in it ends what is being waited for.
  private let wake: (reading: Int32, writing: Int32)
  private let state = Mutex(State())

  private struct State {
    /// The end of what was written to stderr.
    var errorTail: [UInt8] = []
    var isInputOpen = true
  }

  private static let errorTailLength = 2000

  /// Pipes, and the ends that the program is to have, to be closed once it has them.
  ///
  static func make() throws(SystemFailure) -> (ours: ProgramPipes, theirs: [Int32]) {
    var ends: [(reading: Int32, writing: Int32)] = []
    do throws(SystemFailure) {
      for _ in 0..<4 { ends.append(try pipe()) }
    } catch {
      close(ends.flatMap { [$0.reading, $0.writing] })
      throw error
    }
    for end in [ends[0].writing, ends[1].reading, ends[2].reading] {
      _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
      #if os(Linux)
        // F_SETPIPE_SZ, so that a request takes fewer turns. The system may say no.
        _ = fcntl(end, 1031, 1 << 20)
      #endif
    }
    let ours = ProgramPipes(
      input: ends[0].writing, output: ends[1].reading, errors: ends[2].reading, wake: ends[3])
    return (ours, [ends[0].reading, ends[1].writing, ends[2].writing])
  }

  private static func pipe() throws(SystemFailure) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard SmallFoundation.pipe(&ends) == 0 else { throw SystemFailure(number: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private init(
    input: Int32, output: Int32, errors: Int32, wake: (reading: Int32, writing: Int32)
  ) {
    self.input = input
    self.output = output
    self.errors = errors
    self.wake = wake
  }

  deinit {
    closeInput()
    Self.close([output, errors, wake.reading, wake.writing])
  }

  /// Closes ends of pipes.
  static func close(_ ends: [Int32]) {
    for end in ends { _ = SmallFoundation.close(end) }
  }

  /// Closes the program's stdin, which is how it is told to end.
  func closeInput() {
    state.withLock { state in
      if state.isInputOpen { Self.close([input]) }
      state.isInputOpen = false
    }
  }

  /// Ends the exchange that is under way, and every later one, with `interrupted`.
  func interrupt() { _ = SmallFoundation.write(wake.writing, [1], 1) }

  /// What was last written to stderr.
  var errorText: String {
    drainErrors()
    let text = state.withLock { String(decoding: $0.errorTail, as: UTF8.self) }
    let end = text.lastIndex { !$0.isWhitespace }
    return end.map { String(text[...$0].drop { $0.isWhitespace }) } ?? ""
  }

  /// Reads what there is on stderr, and keeps the end of it; false at its end.
  @discardableResult
  private func drainErrors() -> Bool {
    // Not without end: a program that writes without pause would keep it here.
    for _ in 0..<16 {
      guard let bytes = ReplyReader.read(errors) else { return true }
      if bytes.isEmpty { return false }
      state.withLock { state in
        state.errorTail += bytes
        state.errorTail.removeFirst(max(0, state.errorTail.count - Self.errorTailLength))
      }
    }
    return true
  }

  /// Writes a request and reads the reply, both as the pipes allow, with stderr kept empty: a program
  /// that answers before it has read all, or complains at length, is not brought to a standstill.
  ///
  /// - Parameters:
  ///   - process: The program at the other end.
  ///   - grace: How long to wait, after the reply, for more than there should be.
  func exchange(
    _ request: [UInt8], id: Int, replySize: Int, with process: SupervisedProcess,
    patience: Duration, grace: Duration = .zero
  ) -> Outcome {
    if let stale = ReplyReader.read(output), !stale.isEmpty {
      return .garbage("wrote before it was asked: \(LiveReply.excerpt(stale))")
    }
    let deadline = ContinuousClock.now + patience
    var written = 0
    var reader = ReplyReader(id: id, replySize: replySize)
    var polls = [process.leash, wake.reading, output, errors, input].map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    polls[4].events = Int16(POLLOUT)
    while true {
      let remaining = deadline - .now
      guard remaining > .zero else { return .late }
      if written == request.count { polls[4].fd = -1 }
      guard poll(&polls, nfds_t(polls.count), remaining.pollTime) >= 0 else {
        if errno == EINTR { continue }
        return .ended
      }
      if polls[1].revents != 0 { return .interrupted }
      if polls[3].revents != 0, !drainErrors() { polls[3].fd = -1 }
      if polls[4].revents != 0 {
        // A program that does not read any more may still have answered: its output is read on.
        written = write(request, from: written) ?? request.count
      }
      if polls[2].revents != 0, let outcome = reader.read(from: output) {
        guard case .reply = outcome else { return outcome }
        if written < request.count { return .garbage("answered before it had read the request") }
        return excess(after: grace) ?? outcome
      }
      if polls[0].revents != 0, polls[2].revents == 0 {
        // All that it had written has been read.
        if process.ending(within: .zero) != nil { return .ended }
        if let signal = process.stoppingSignal { return .stopped(signal) }
      }
    }
  }

  /// What comes after a reply.
  private func excess(after grace: Duration) -> Outcome? {
    guard grace > .zero else { return nil }
    var descriptor = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    guard poll(&descriptor, 1, grace.pollTime) > 0, let bytes = ReplyReader.read(output),
      !bytes.isEmpty
    else { return nil }
    return .garbage("wrote \(bytes.count) bytes more than its reply: \(LiveReply.excerpt(bytes))")
  }

  /// Writes on; the new position, or nil where the program does not read any more.
  private func write(_ request: [UInt8], from start: Int) -> Int? {
    let count = request.withUnsafeBytes { bytes in
      SmallFoundation.write(input, bytes.baseAddress.map { $0 + start }, bytes.count - start)
    }
    if count >= 0 { return start + count }
    return errno == EAGAIN || errno == EINTR ? start : nil
  }
}

/// What a call of the system came to.
struct SystemFailure: Error, CustomStringConvertible {
  let number: Int32

  var description: String { String(cString: strerror(number)) }
}
