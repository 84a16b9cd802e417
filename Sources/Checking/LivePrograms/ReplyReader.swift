internal import SmallFoundation

/// A reply as it arrives: a line, and a payload that is read to where it is to stand.
struct ReplyReader {
  private let id: Int
  private let replySize: Int
  private var line: [UInt8] = []
  /// The payload, once the line has been read, and how much of it has arrived.
  private var payload: [UInt8]?
  private var count = 0
  /// A payload of another size is read all the same, up to this, to be in step for the next reply.
  private static let greatestExcess = 1 << 20

  init(id: Int, replySize: Int) {
    self.id = id
    self.replySize = replySize
  }

  /// Takes what has arrived; nil where more is to come.
  mutating func read(from output: Int32) -> ProgramPipes.Outcome? {
    if var body = payload {
      payload = nil
      let result = body.withUnsafeMutableBytes {
        SmallFoundation.read(output, $0.baseAddress.map { $0 + count }, $0.count - count)
      }
      payload = body
      if result < 0 { return errno == EAGAIN || errno == EINTR ? nil : .ended }
      count += result
      return result == 0 ? .ended : outcome
    }
    guard let more = Self.read(output) else { return nil }
    if more.isEmpty { return .ended }
    guard let end = more.firstIndex(of: UInt8(ascii: "\n")) else {
      line += more
      guard line.count > LiveReply.greatestLineLength else { return nil }
      return .garbage("wrote \(line.count) bytes without a line: \(LiveReply.excerpt(line))")
    }
    line += more[..<end]
    return takeLine(followedBy: more[(end + 1)...])
  }

  private mutating func takeLine(followedBy rest: ArraySlice<UInt8>) -> ProgramPipes.Outcome? {
    let reply: LiveReply
    do {
      reply = try LiveReply(line[...], id: id)
    } catch {
      return .garbage(error.reason)
    }
    switch reply {
    case .unsupported(let reason): return .unsupported(reason)
    case .error(let reason): return .error(reason)
    case .payload(let size):
      guard size <= replySize + Self.greatestExcess else {
        return .garbage("announced \(size) bytes instead of \(replySize)")
      }
      guard rest.count <= size else {
        return .garbage(
          "wrote \(rest.count - size) bytes more than its reply: "
            + LiveReply.excerpt(rest.dropFirst(size)))
      }
      payload = rest + [UInt8](repeating: 0, count: size - rest.count)
      count = rest.count
      return outcome
    }
  }

  /// The reply, where it is complete.
  private var outcome: ProgramPipes.Outcome? {
    guard let payload, count == payload.count else { return nil }
    return payload.count == replySize ? .reply(payload) : .wrongSize(payload.count)
  }

  /// What can be read at once; nothing at the end, and nil where there is nothing yet.
  static func read(_ descriptor: Int32) -> [UInt8]? {
    var isPending = false
    let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      let result = SmallFoundation.read(descriptor, buffer.baseAddress, buffer.count)
      isPending = result < 0 && (errno == EAGAIN || errno == EINTR)
      count = max(result, 0)
    }
    return isPending ? nil : bytes
  }
}
