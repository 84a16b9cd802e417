internal import FloatFormats
public import Interchange
internal import LossFunctions
internal import SmallFoundation

/// Serves a function of a C library over the live protocol: what runs in the child process when a
/// library is checked, so that its crash is not the checker's.
public struct LibraryServer {
  let kernel: LibraryKernel
  /// What the function computes of a linear layer, where it is one's.
  let quantity: LinearQuantity?
  private let input: Int32
  private let output: Int32

  /// Loads a library. From here on this process's stdin is empty and its stdout goes to stderr: what the
  /// library reads and prints must not get between requests and replies.
  ///
  /// - Throws: `ProgramError.cannotStart`.
  public init(
    library: String, symbol: String, signature: LibrarySignature = .standard,
    of quantity: LinearQuantity? = nil
  ) throws(ProgramError) {
    self.quantity = quantity
    // Beyond the numbers that a library may take for its own.
    input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 64)
    output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 64)
    dup2(STDERR_FILENO, STDOUT_FILENO)
    let nothing = open("/dev/null", O_RDONLY)
    dup2(nothing, STDIN_FILENO)
    if nothing != STDIN_FILENO { close(nothing) }
    kernel = try LibraryKernel(library: library, symbol: symbol, signature: signature)
  }

  /// Answers requests until they end.
  public func serve() {
    guard let stream = fdopen(output, "w"), let requests = fdopen(input, "r") else { return }
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
    // Each logit takes a byte at least.
    guard size <= 1 << 30, (Self.integer(members["rows"]) ?? 0) <= size,
      (Self.integer(members["classes"]) ?? 0) <= max(size, 1 << 20)
    else { return ("{\"id\":\(id),\"error\":\"not a request\"}", []) }
    var payload = [UInt8](repeating: 0, count: size)
    guard fread(&payload, 1, size, requests) == size else {
      return ("{\"id\":\(id),\"error\":\"the payload is cut short\"}", [])
    }
    if let quantity { return layerAnswer(members, id, quantity, payload) }
    guard let rows = Self.integer(members["rows"]), let classes = Self.integer(members["classes"]),
      case .string(let name)? = members["function"], let function = LossFunction(rawValue: name),
      case .string(let formatName)? = members["format"],
      let format = FloatFormat(named: formatName), case .string(let target)? = members["target"]
    else { return ("{\"id\":\(id),\"error\":\"not a request\"}", []) }
    guard let layout = Self.layout(members, rows: rows, classes: classes) else {
      return ("{\"id\":\(id),\"error\":\"not a request\"}", [])
    }
    let outputFormat = kernel.signature.outputFormat(format)
    if case .string(let output)? = members["output_format"], output != outputFormat.name {
      let reason =
        "its outputs are in \(outputFormat); say otherwise by --signature, as in out:float64"
      return ("{\"id\":\(id),\"unsupported\":\(JSONValue.quoted(reason))}", [])
    }
    if case .object(let options)? = members["options"], let option = options.keys.sorted().first {
      return (
        "{\"id\":\(id),\"unsupported\":\(JSONValue.quoted("a library has no option \(option)"))}",
        []
      )
    }
    if ["probabilities", "logits"].contains(target), !function.isBinary, !function.comparesLogits {
      return ("{\"id\":\(id),\"unsupported\":\"\(target) as targets\"}", [])
    }
    let hasReduction = members["reduction"] != nil
    if hasReduction, rows == 0 || kernel.signature.isRowByRow {
      let reason = rows == 0 ? "a batch without rows" : "a function that is called row by row"
      return ("{\"id\":\(id),\"unsupported\":\(JSONValue.quoted(reason))}", [])
    }
    let isReduced = hasReduction && !function.isGradient
    let gradient = members["outputs"] == nil ? nil : function.gradient
    guard (gradient != nil) == kernel.signature.isJoint else {
      let reason = "it gives \(gradient == nil ? "the gradient with the loss" : "no gradient")"
      return ("{\"id\":\(id),\"unsupported\":\(JSONValue.quoted(reason))}", [])
    }
    guard rows > 0 else { return ("{\"id\":\(id),\"payload\":0}", []) }
    let logitSize = rows * classes * format.byteCount
    let targetSize =
      switch target {
      case "none": 0
      case "index": rows * MemoryLayout<Int32>.size
      default: logitSize
      }
    let hasGradOutput = function.mayHaveGradOutput && members["grad_output"] != nil
    guard hasGradOutput == kernel.signature.takesGradOutput else {
      let reason = "it takes \(hasGradOutput ? "no grad_output" : "grad_output") beside targets"
      return ("{\"id\":\(id),\"unsupported\":\(JSONValue.quoted(reason))}", [])
    }
    let gradOutputCount = hasGradOutput ? 1 : function.gradOutputCount(classCount: classes)
    let gradOutputSize = rows * gradOutputCount * format.byteCount
    guard logitSize + targetSize + gradOutputSize == size else {
      return ("{\"id\":\(id),\"error\":\"not a request\"}", [])
    }
    let outputSize = function.outputCount(classCount: classes) * outputFormat.byteCount
    var outputs: [UInt8] = []
    let misdeed = payload.withUnsafeBytes { payload in
      kernel.call(
        logits: UnsafeRawBufferPointer(rebasing: payload[..<logitSize]),
        targets: UnsafeRawBufferPointer(
          rebasing: hasGradOutput
            ? payload[logitSize..<logitSize + targetSize] : payload[logitSize...]),
        gradOutput: hasGradOutput
          ? UnsafeRawBufferPointer(rebasing: payload[(logitSize + targetSize)...]) : nil,
        rows: rows,
        classes: classes, inner: layout.inner ?? 1, outputSize: outputSize, isReduced: isReduced,
        gradientSize: (gradient?.outputCount(classCount: classes) ?? 0) * outputFormat.byteCount
      ) { outputs += $0 }
    }
    if let misdeed { return ("{\"id\":\(id),\"error\":\(JSONValue.quoted("\(misdeed)"))}", []) }
    return ("{\"id\":\(id),\"payload\":\(outputs.count)}", outputs)
  }

  /// How the rows stand; nil where the shape is not one of them.
  private static func layout(
    _ members: [String: JSONValue], rows: Int, classes: Int
  ) -> RowLayout? {
    guard let value = members["shape"] else { return .classesLast }
    guard case .array(let items) = value, items.count == 3, let inner = integer(items[2]),
      RowLayout.innerRange.contains(inner), rows.isMultiple(of: inner),
      items.map(integer) == RowLayout(inner: inner).shape(rows, each: classes)
    else { return nil }
    return RowLayout(inner: inner)
  }

  static func integer(_ value: JSONValue?) -> Int? {
    guard case .number(let text)? = value, let integer = Int(text), integer >= 0 else { return nil }
    return integer
  }
}
