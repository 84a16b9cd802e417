internal import Foundation
internal import Synchronization

#if canImport(System)
  internal import System
#else
  internal import SystemPackage
#endif

/// Our ends of the pipes to a program's stdin, stdout and stderr.
final class ProgramPipes: Sendable {
  /// The program's ends.
  struct Ends: Sendable {
    let input: FileDescriptor
    let output: FileDescriptor
    let errors: FileDescriptor
  }

  /// How an exchange went.
  enum Outcome: Sendable {
    case reply([UInt8])
    case unsupported(String)
    case error(String)
    /// A reply that is none.
    case garbage(String)
    /// A reply of so many bytes, and not as many as were due.
    case wrongSize(Int)
    /// The end of the program's output.
    case ended
    /// No reply in time.
    case late
  }

  private let input: FileDescriptor
  private let output: FileDescriptor
  private let errors: FileDescriptor
  private let state = Mutex(State())

  private struct State {
    /// The end of what was written to stderr.
    var errorTail: [UInt8] = []
    var isInputOpen = true
  }

  private static let errorTailLength = 2000

  /// Pipes, and the ends that the program is to have.
  ///
  /// - Throws: `Errno`.
  static func make() throws -> (ours: ProgramPipes, theirs: Ends) {
    let input = try FileDescriptor.pipe()
    let output = try FileDescriptor.pipe()
    let errors = try FileDescriptor.pipe()
    for end in [input.writeEnd, output.readEnd, errors.readEnd] {
      let flags = fcntl(end.rawValue, F_GETFL)
      _ = fcntl(end.rawValue, F_SETFL, flags | O_NONBLOCK)
      _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC)
    }
    for end in [input.readEnd, output.writeEnd, errors.writeEnd] {
      _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC)
    }
    return (
      ProgramPipes(input: input.writeEnd, output: output.readEnd, errors: errors.readEnd),
      Ends(input: input.readEnd, output: output.writeEnd, errors: errors.writeEnd)
    )
  }

  private init(input: FileDescriptor, output: FileDescriptor, errors: FileDescriptor) {
    self.input = input
    self.output = output
    self.errors = errors
  }

  /// Closes the program's stdin, which is how it is told to end.
  func closeInput() {
    state.withLock { state in
      if state.isInputOpen { try? input.close() }
      state.isInputOpen = false
    }
  }

  /// Closes all of them.
  func close() {
    closeInput()
    try? output.close()
    try? errors.close()
  }

  /// What was last written to stderr.
  var errorText: String {
    state.withLock { String(decoding: $0.errorTail, as: UTF8.self) }
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Reads what there is on stderr, and keeps the end of it.
  func drainErrors() {
    while let bytes = Self.read(errors), !bytes.isEmpty {
      state.withLock { state in
        state.errorTail += bytes
        state.errorTail.removeFirst(max(0, state.errorTail.count - Self.errorTailLength))
      }
    }
  }

  /// Writes a request and reads the reply, both as the pipes allow, with stderr kept empty: a program
  /// that answers before it has read all, or complains at length, is not brought to a standstill.
  ///
  /// - Parameter grace: How long to wait, after the reply, for more than there should be.
  func exchange(
    _ request: [UInt8], id: Int, replySize: Int, patience: Duration, grace: Duration = .zero
  ) -> Outcome {
    if let stale = Self.read(output), !stale.isEmpty {
      return .garbage("wrote after its last reply: \(LiveReply.excerpt(stale))")
    }
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    var written = 0
    var reader = ReplyReader(id: id, replySize: replySize)
    while true {
      let remaining = deadline - clock.now
      guard remaining > .zero else { return .late }
      let isWriting = written < request.count && state.withLock { $0.isInputOpen }
      var polls = [
        pollfd(fd: output.rawValue, events: Int16(POLLIN), revents: 0),
        pollfd(fd: errors.rawValue, events: Int16(POLLIN), revents: 0),
        pollfd(fd: isWriting ? input.rawValue : -1, events: Int16(POLLOUT), revents: 0),
      ]
      let milliseconds =
        remaining.components.seconds * 1000 + 1
        + remaining.components.attoseconds / 1_000_000_000_000_000
      guard poll(&polls, nfds_t(polls.count), Int32(clamping: milliseconds)) >= 0 else {
        if errno == EINTR { continue }
        return .ended
      }
      if polls[1].revents & Int16(POLLIN) != 0 { drainErrors() }
      if polls[2].revents != 0 {
        // A program that does not read any more may still have answered: its output is read on.
        written = write(request, from: written) ?? request.count
      }
      guard polls[0].revents != 0 else {
        // Where stderr is closed, poll returns at once: not to turn around for nothing.
        if polls[1].revents & Int16(POLLHUP) != 0, polls[2].revents == 0 { usleep(200) }
        continue
      }
      guard let bytes = Self.read(output) else { continue }
      if bytes.isEmpty { return .ended }
      guard let outcome = reader.take(bytes) else { continue }
      guard outcome.isReply else { return outcome }
      if written < request.count { return .garbage("answered before it had read the request") }
      return excess(after: grace) ?? outcome
    }
  }

  /// What is wrong where more comes than the reply.
  private func excess(after grace: Duration) -> Outcome? {
    guard grace > .zero else { return nil }
    var descriptor = pollfd(fd: output.rawValue, events: Int16(POLLIN), revents: 0)
    guard poll(&descriptor, 1, Int32(grace / .milliseconds(1))) > 0,
      let bytes = Self.read(output), !bytes.isEmpty
    else { return nil }
    return .garbage("wrote \(bytes.count) bytes more than its reply: \(LiveReply.excerpt(bytes))")
  }

  /// Writes on; the new position, or nil where the program does not read any more.
  private func write(_ request: [UInt8], from start: Int) -> Int? {
    let count = request.withUnsafeBytes { bytes in
      Foundation.write(
        input.rawValue, bytes.baseAddress.map { $0 + start }, bytes.count - start)
    }
    if count >= 0 { return start + count }
    return errno == EAGAIN || errno == EINTR ? start : nil
  }

  /// What can be read at once; nothing at the end, and nil where there is nothing yet.
  private static func read(_ descriptor: FileDescriptor) -> [UInt8]? {
    var isPending = false
    let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      let result = Foundation.read(descriptor.rawValue, buffer.baseAddress, buffer.count)
      isPending = result < 0 && (errno == EAGAIN || errno == EINTR)
      count = max(result, 0)
    }
    return isPending ? nil : bytes
  }
}

extension ProgramPipes.Outcome {
  fileprivate var isReply: Bool {
    if case .reply = self { true } else { false }
  }
}

/// A reply as it arrives.
private struct ReplyReader {
  private let id: Int
  private let replySize: Int
  private var bytes: [UInt8] = []
  /// Where the payload begins, once the line has been read, and its size.
  private var payloadStart: Int?
  private var payloadSize = 0
  /// A payload of another size is read all the same, up to this, to be in step for the next reply.
  private static let greatestExcess = 1 << 20

  init(id: Int, replySize: Int) {
    self.id = id
    self.replySize = replySize
  }

  /// Takes what has arrived; nil where more is to come.
  mutating func take(_ more: [UInt8]) -> ProgramPipes.Outcome? {
    let scanned = bytes.count
    bytes += more
    guard let start = payloadStart else {
      guard let end = bytes[scanned...].firstIndex(of: UInt8(ascii: "\n")) else {
        guard bytes.count > LiveReply.greatestLineLength else { return nil }
        return .garbage("wrote \(bytes.count) bytes without a line: \(LiveReply.excerpt(bytes))")
      }
      return takeLine(bytes[..<end], payloadStart: end + 1)
    }
    return takePayload(from: start)
  }

  private mutating func takeLine(
    _ line: ArraySlice<UInt8>, payloadStart start: Int
  ) -> ProgramPipes.Outcome? {
    let reply: LiveReply
    do {
      reply = try LiveReply(line, id: id)
    } catch {
      return .garbage(error.reason)
    }
    switch reply {
    case .unsupported(let reason): return .unsupported(reason)
    case .error(let reason): return .error(reason)
    case .payload(let count):
      guard count <= replySize + Self.greatestExcess else {
        return .garbage("announced \(count) bytes instead of \(replySize)")
      }
      payloadStart = start
      payloadSize = count
      return takePayload(from: start)
    }
  }

  private func takePayload(from start: Int) -> ProgramPipes.Outcome? {
    let count = bytes.count - start
    if count < payloadSize { return nil }
    guard count == payloadSize else {
      return .garbage(
        "wrote \(count - payloadSize) bytes more than its reply: "
          + LiveReply.excerpt(bytes[(start + payloadSize)...]))
    }
    guard payloadSize == replySize else { return .wrongSize(payloadSize) }
    return .reply(Array(bytes[start...]))
  }
}
