internal import FloatFormats
internal import Foundation
internal import Interchange
internal import LossFunctions

/// Serves a function of a C library over the live protocol: what runs in the child process when a
/// library is checked, so that its crash is not the checker's.
///
/// The function is `void f(const T *logits, const int32_t *targets, size_t rows, size_t classes,
/// T *out)`; for the binary functions classes is 1 and targets are of the type T.
public struct LibraryServer {
  private typealias Kernel =
    @convention(c) (
      UnsafeRawPointer?, UnsafeRawPointer?, Int, Int, UnsafeMutableRawPointer?
    ) -> Void

  private let kernel: Kernel
  /// What stands around the outputs, to notice a function that writes beyond them.
  private static let guardSize = 64
  private static let guardByte: UInt8 = 0xa5

  /// Loads a library.
  ///
  /// - Throws: `ProgramError.cannotStart`.
  public init(library: String, symbol: String) throws(ProgramError) {
    // A name without a slash would be looked for among the system's libraries.
    let path = library.contains("/") ? library : "./" + library
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw .cannotStart(command: library, reason: Self.linkerError)
    }
    guard let address = dlsym(handle, symbol) else {
      throw .cannotStart(command: "\(library): \(symbol)", reason: Self.linkerError)
    }
    kernel = unsafeBitCast(address, to: Kernel.self)
  }

  private static var linkerError: String {
    dlerror().map { String(cString: $0) } ?? "unknown reason"
  }

  /// Answers requests until stdin ends.
  public func serve() {
    // What the library prints must not get between the replies.
    let output = dup(STDOUT_FILENO)
    dup2(STDERR_FILENO, STDOUT_FILENO)
    guard let stream = fdopen(output, "w"), let requests = fdopen(STDIN_FILENO, "r") else { return }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while true {
      let count = getline(&line, &capacity, requests)
      guard count > 0, let line else { return }
      let text = UnsafeRawBufferPointer(start: line, count: count).dropLast()
      let reply = answer([UInt8](text)[...], requests)
      let header = Array((reply.header + "\n").utf8)
      fwrite(header, 1, header.count, stream)
      fwrite(reply.payload, 1, reply.payload.count, stream)
      fflush(stream)
    }
  }

  private func answer(
    _ line: ArraySlice<UInt8>, _ requests: UnsafeMutablePointer<FILE>
  ) -> (header: String, payload: [UInt8]) {
    guard case .object(let members)? = try? JSONValue(parsing: line),
      let id = Self.integer(members["id"]), let size = Self.integer(members["payload"])
    else { return ("{\"id\":0,\"error\":\"not a request\"}", []) }
    var payload = [UInt8](repeating: 0, count: size)
    guard fread(&payload, 1, size, requests) == size else {
      return ("{\"id\":\(id),\"error\":\"the payload is cut short\"}", [])
    }
    guard let rows = Self.integer(members["rows"]), let classes = Self.integer(members["classes"]),
      case .string(let name)? = members["function"], let function = LossFunction(rawValue: name),
      case .string(let formatName)? = members["format"],
      let format = FloatFormat(named: formatName), case .string(let target)? = members["target"]
    else { return ("{\"id\":\(id),\"error\":\"not a request\"}", []) }
    if case .string(let output)? = members["output_format"], output != formatName {
      return ("{\"id\":\(id),\"unsupported\":\"outputs in another format\"}", [])
    }
    if case .object(let options)? = members["options"], let option = options.keys.sorted().first {
      return (
        "{\"id\":\(id),\"unsupported\":\(JSONValue.quoted("a library has no option \(option)"))}",
        []
      )
    }
    if target == "probabilities", !function.isBinary {
      return ("{\"id\":\(id),\"unsupported\":\"probabilities as targets\"}", [])
    }
    let count = rows * (function.hasOutputPerClass ? classes : 1) * format.byteCount
    guard
      let outputs = call(
        payload, rows, classes, logitSize: rows * classes * format.byteCount, count)
    else { return ("{\"id\":\(id),\"error\":\"wrote beyond its outputs\"}", []) }
    return ("{\"id\":\(id),\"payload\":\(count)}", outputs)
  }

  /// Calls the function, each array at a multiple of 64 bytes; nil where it has written beyond the
  /// outputs. Outputs that it does not write are NaN.
  private func call(
    _ payload: [UInt8], _ rows: Int, _ classes: Int, logitSize: Int, _ count: Int
  ) -> [UInt8]? {
    let logits = UnsafeMutableRawBufferPointer.allocate(byteCount: max(logitSize, 1), alignment: 64)
    let targetSize = payload.count - logitSize
    let targets = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(targetSize, 1), alignment: 64)
    let outputs = UnsafeMutableRawBufferPointer.allocate(
      byteCount: count + 2 * Self.guardSize, alignment: 64)
    defer {
      logits.deallocate()
      targets.deallocate()
      outputs.deallocate()
    }
    logits.copyBytes(from: payload[..<logitSize])
    targets.copyBytes(from: payload[logitSize...])
    for index in outputs.indices { outputs[index] = Self.guardByte }
    let body = Self.guardSize..<Self.guardSize + count
    for index in body { outputs[index] = 0xff }
    kernel(
      logits.baseAddress, targetSize > 0 ? targets.baseAddress : nil, rows, classes,
      outputs.baseAddress.map { $0 + Self.guardSize })
    let isWithin = outputs.indices.allSatisfy { body.contains($0) || outputs[$0] == Self.guardByte }
    return isWithin ? Array(outputs[body]) : nil
  }

  private static func integer(_ value: JSONValue?) -> Int? {
    guard case .number(let text)? = value, let integer = Int(text), integer >= 0 else { return nil }
    return integer
  }
}
