import Foundation

/// Why a request has no outputs.
enum Refusal: Error {
  case unsupported(String)
  case invalid(String)
}

/// The outputs for a request, as they are sent.
func answer(_ request: Request, payload: Data) throws -> Data {
  guard request.version == 1 else { throw Refusal.unsupported("this version of the protocol") }
  guard request.outputFormat == request.format else {
    throw Refusal.unsupported("output format \(request.outputFormat)")
  }
  if let option = request.options.first { throw Refusal.unsupported("option \(option)") }
  switch request.format {
  case "float32": return try answer(request, payload: payload, as: Float.self)
  case "float64": return try answer(request, payload: payload, as: Double.self)
  default: throw Refusal.unsupported("format \(request.format)")
  }
}

private func answer<Scalar: LossScalar>(
  _ request: Request, payload: Data, as type: Scalar.Type
) throws -> Data {
  let kinds = ["cross-entropy": "index", "binary-cross-entropy": "probabilities"]
  guard let kind = kinds[request.function] else {
    throw Refusal.unsupported("function \(request.function)")
  }
  guard request.target == kind else { throw Refusal.unsupported("target \(request.target)") }
  guard request.rows >= 0, request.classes > 0, kind == "index" || request.classes == 1 else {
    throw Refusal.invalid("wrong number of rows or classes")
  }
  let targetSize = kind == "index" ? MemoryLayout<Int32>.size : MemoryLayout<Scalar>.size
  let (count, tooMany) = request.rows.multipliedReportingOverflow(by: request.classes)
  // The payload is in memory, so that no count within it overflows.
  guard !tooMany, count <= payload.count, request.rows <= payload.count,
    count * MemoryLayout<Scalar>.size + request.rows * targetSize == payload.count
  else { throw Refusal.invalid("the payload has another size than rows and classes say") }
  let logits = values(of: Scalar.self, in: payload.prefix(count * MemoryLayout<Scalar>.size))
  let rest = payload.dropFirst(count * MemoryLayout<Scalar>.size)
  if kind == "probabilities" {
    return data(zip(logits, values(of: Scalar.self, in: rest)).map(binaryCrossEntropy))
  }
  let labels = values(of: Int32.self, in: rest)
  guard labels.allSatisfy({ $0 >= 0 && Int($0) < request.classes }) else {
    throw Refusal.invalid("a target index is out of range")
  }
  return data(
    labels.enumerated().map { row, label in
      let start = row * request.classes
      return crossEntropy(logits: logits[start..<start + request.classes], label: Int(label))
    })
}

/// The machines that Swift runs on are little-endian, as the protocol is.
private func values<Value: BitwiseCopyable>(of type: Value.Type, in data: Data) -> [Value] {
  data.withUnsafeBytes { bytes in
    stride(from: 0, to: bytes.count, by: MemoryLayout<Value>.size).map {
      bytes.loadUnaligned(fromByteOffset: $0, as: type)
    }
  }
}

private func data<Scalar: LossScalar>(_ outputs: [Scalar]) -> Data {
  outputs.withUnsafeBytes { Data($0) }
}
