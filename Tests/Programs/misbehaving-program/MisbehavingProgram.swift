import FloatFormats
import Interchange
import LossFunctions
import Reference
import SmallFoundation

/// A program that answers the live protocol with correctly rounded values, but for one fault, which
/// shows on rows with a logit above 3.
@main
struct MisbehavingProgram {
  static func main() {
    let words = CommandLine.arguments.dropFirst() + ["none", "1000"]
    let (fault, duration) = (words[1], words[2])
    chances = Chances(words.dropFirst())
    Beginnings.commit(fault, duration)
    guard let input = fdopen(STDIN_FILENO, "r") else { return }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    var count = 0
    while getline(&line, &capacity, input) > 0, let text = line,
      let request = Request(String(cString: text), input)
    {
      count += 1
      if fault == "stderr" {
        send([UInt8](repeating: UInt8(ascii: "x"), count: 300_000), to: STDERR_FILENO)
      }
      if fault == "exits-after-two", count > 2 { exit(0) }
      guard request.hasLogit(above: 3) else {
        request.reply(request.outputs)
        continue
      }
      commit(fault, request)
    }
  }

  /// When a fault is committed that is not each time.
  nonisolated(unsafe) private static var chances = Chances([])

  private static func commit(_ fault: String, _ request: Request) {
    let outputs = request.outputs
    switch fault {
    case "abort-at-times", "late-at-times", "killed-at-times", "wrong-at-times":
      guard chances.next() else { return request.reply(outputs) }
      switch fault {
      case "abort-at-times": abort()
      case "late-at-times": sleep(1000)
      case "killed-at-times": kill(getpid(), SIGKILL)
      default: request.reply(outputs.map { ~$0 })
      }
    case "abort": abort()
    case "exit": exit(3)
    case "hang", "hangs-with-a-child": sleep(1000)
    case "hang-on-several":
      if request.rowCount > 1 { sleep(1000) }
      request.reply(outputs)
    case "slow-above-3-hang-above-100":
      if request.hasLogit(above: 100) { sleep(1000) }
      usleep(700_000)
      request.reply(outputs)
    case "slow":
      usleep(50_000 * UInt32(request.rowCount))
      request.reply(outputs)
    case "garbage-and-on":
      signal(SIGTERM, SIG_IGN)
      send(Array("hello\n".utf8))
      while true { sleep(1000) }
    case "kills-itself": kill(getpid(), SIGKILL)
    case "slow-start-abort": abort()
    case "controls": send(Array("{\"id\":\(request.id),\"error\":\"\\u001b[2Jx\\ny\"}\n".utf8))
    case "garbage": send(Array("hello\u{1}world\n".utf8))
    case "endless": send([UInt8](repeating: UInt8(ascii: "x"), count: 200_000))
    case "claims-exabyte": send(Array("{\"id\":\(request.id),\"payload\":\(1 << 60)}\n".utf8))
    case "mean": request.reply(Array(outputs.prefix(4)))
    case "short": request.reply(Array(outputs.dropLast(4)))
    case "long": request.reply(outputs + [0, 0, 0, 0])
    case "more-than-said":
      request.reply(outputs)
      send([1, 2, 3, 4])
    case "less-than-said":
      send(Array("{\"id\":\(request.id),\"payload\":\(outputs.count)}\n".utf8))
      send(Array(outputs.dropLast(2)))
    case "wrong-id": send(Array("{\"id\":\(request.id + 1),\"payload\":0}\n".utf8))
    case "error": send(Array("{\"id\":\(request.id),\"error\":\"cannot\"}\n".utf8))
    case "unsupported": send(Array("{\"id\":\(request.id),\"unsupported\":\"above 3\"}\n".utf8))
    default: request.reply(outputs)
    }
  }

  static func send(_ bytes: [UInt8], to descriptor: Int32 = STDOUT_FILENO) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

/// A request for the softplus or the cross-entropy in float32.
struct Request {
  let id: Int
  private let function: LossFunction
  private let rows: [LossInput]

  init?(_ line: String, _ input: UnsafeMutablePointer<FILE>) {
    guard case .object(let members)? = try? JSONValue(parsing: Array(line.utf8)[...]),
      let id = Self.integer(members["id"]), let rows = Self.integer(members["rows"]),
      let classes = Self.integer(members["classes"]), let size = Self.integer(members["payload"]),
      case .string(let name)? = members["function"], let function = LossFunction(rawValue: name)
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    guard fread(&bytes, 1, size, input) == size else { return nil }
    self.id = id
    self.function = function
    func word(_ index: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) }
    }
    let hasLabels = members["target"] == .string("index")
    self.rows = (0..<rows).map { row in
      LossInput(
        logits: (0..<classes).map { FloatValue(Float(bitPattern: word(row * classes + $0))) },
        target: hasLabels ? .index(Int(word(rows * classes + row))) : .none)
    }
  }

  private static func integer(_ value: JSONValue?) -> Int? {
    guard case .number(let text)? = value else { return nil }
    return Int(text)
  }

  var rowCount: Int { rows.count }

  func hasLogit(above bound: Double) -> Bool {
    rows.contains { $0.logits.contains { $0.double > bound } }
  }

  var outputs: [UInt8] {
    rows.flatMap { row in
      let value = (try? Reference().evaluate(function, row, in: .float32)[0].value) ?? .nan
      let bits = UInt32(FloatFormat.float32.encode(value) ?? 0)
      return (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32(8 * $0)) }
    }
  }

  func reply(_ outputs: [UInt8]) {
    MisbehavingProgram.send(Array("{\"id\":\(id),\"payload\":\(outputs.count)}\n".utf8) + outputs)
  }
}
