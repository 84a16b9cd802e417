internal import FloatFormats
internal import Interchange
internal import LossFunctions

extension LibraryServer {
  /// The answer to a question about a linear layer: see `LinearRequest`.
  func layerAnswer(
    _ members: [String: JSONValue], _ id: Int, _ quantity: LinearQuantity, _ payload: [UInt8]
  ) -> (header: String, payload: [UInt8]) {
    func refusal(_ kind: String, _ reason: String) -> (String, [UInt8]) {
      ("{\"id\":\(id),\"\(kind)\":\(JSONValue.quoted(reason))}", [])
    }
    guard let rows = Self.integer(members["rows"]), let classes = Self.integer(members["classes"]),
      let width = Self.integer(members["width"]), case .string(let function)? = members["function"],
      case .string(let formatName)? = members["format"],
      let format = FloatFormat(named: formatName)
    else { return refusal("error", "not a question about a linear layer") }
    var asked = function
    if case .string(let parameter)? = members["with_respect_to"] { asked += " by \(parameter)" }
    let offered =
      quantity.parameter.map { "\(linearCrossEntropyName)-gradient by \($0.rawValue)" }
      ?? linearCrossEntropyName
    guard asked == offered else { return refusal("unsupported", "the function is \(offered)") }
    let outputFormat = kernel.signature.outputFormat(format)
    if case .string(let output)? = members["output_format"], output != outputFormat.name {
      return refusal(
        "unsupported",
        "its outputs are in \(outputFormat); say otherwise by --signature, as in out:float64")
    }
    // The options are what the function is said to do by itself.
    let hasUpstream = members["grad_output"] != nil
    guard !hasUpstream || kernel.signature.parameters.contains(.upstream) else {
      return refusal("unsupported", "the signature has no grad_output")
    }
    let hasBias = members["bias"] != nil
    guard !hasBias || kernel.signature.parameters.contains(.bias) else {
      return refusal("unsupported", "the signature has no bias")
    }
    let size = format.byteCount
    let sizes = [
      rows * width * size, classes * width * size, hasBias ? classes * size : 0,
      rows * MemoryLayout<Int32>.size, hasUpstream ? rows * size : 0,
    ]
    guard rows > 0, sizes.reduce(0, +) == payload.count else {
      return refusal("error", "not a question about a linear layer")
    }
    let isReduced = members["reduction"] != nil
    let count =
      switch quantity {
      case .loss: isReduced ? 1 : rows
      case .hiddenGradient: rows * width
      case .weightGradient: classes * width
      case .biasGradient: classes
      }
    var outputs: [UInt8] = []
    let misdeed = payload.withUnsafeBytes { payload in
      var start = 0
      let parts = sizes.map { size in
        defer { start += size }
        return UnsafeRawBufferPointer(rebasing: payload[start..<start + size])
      }
      return kernel.call(
        hidden: parts[0], weight: parts[1], bias: parts[2], labels: parts[3],
        upstream: parts[4], rows: rows, classes: classes, width: width,
        outputSize: count * outputFormat.byteCount
      ) { outputs = Array($0) }
    }
    if let misdeed { return refusal("error", "\(misdeed)") }
    return ("{\"id\":\(id),\"payload\":\(outputs.count)}", outputs)
  }
}
