internal import Checking
internal import LossOracle

/// A question of version 2 of the live protocol: the losses of a layer, or their gradient.
///
/// The payload has the hidden rows [rows, width], the weights [classes, width], the bias [classes] where the header has
/// `"bias":true`, the labels as 32-bit integers, and a number for each row where it has `"grad_output":"row"`.
struct LinearRequest {
  let contract: LinearContract
  let input: LinearInput
  let quantity: LinearQuantity

  /// The number of bytes of the answer.
  var replySize: Int {
    quantity.shape(input, contract.reduction).reduce(contract.outputFormat.byteCount, *)
  }

  /// The header's line and the payload.
  func bytes(id: Int) -> [UInt8] {
    var numbers: [[Float]] = [input.hidden, input.weight]
    var function = "\"\(linearCrossEntropyName)\","
    if let parameter = quantity.parameter {
      function =
        "\"\(linearCrossEntropyName)-gradient\",\"with_respect_to\":\"\(parameter.rawValue)\","
    }
    var more = ""
    if let bias = input.bias {
      numbers.append(bias)
      more += "\"bias\":true,"
    }
    if contract.reduction != .none { more += "\"reduction\":\"\(contract.reduction.rawValue)\"," }
    var gradOutput: [Float] = []
    if let numbers = input.gradOutput, quantity != .loss {
      gradOutput = numbers
      more += "\"grad_output\":\"row\","
    }
    let payload =
      numbers.flatMap { NumberColumn(contract.format, floats: $0).encoded }
      + input.labels.flatMap { label in withUnsafeBytes(of: label.littleEndian) { Array($0) } }
      + NumberColumn(contract.format, floats: gradOutput).encoded
    let header =
      "{\"protocol\":2,\"id\":\(id),\"function\":\(function)\(more)"
      + "\"format\":\"\(contract.format)\",\"output_format\":\"\(contract.outputFormat)\","
      + "\"rows\":\(input.rowCount),\"classes\":\(input.classCount),\"width\":\(input.width),"
      + "\"target\":\"index\",\"options\":\(contract.options.text),\"payload\":\(payload.count)}\n"
    return Array(header.utf8) + payload
  }
}
