public import FloatFormats
internal import Foundation
internal import Interchange
public import LossFunctions

/// What a program is asked to compute, the same for all the rows that it is sent.
public struct LiveQuestion: Hashable, Sendable {
  /// The function.
  public var function: LossFunction
  /// The format of the logits.
  public var format: FloatFormat
  /// The format of the outputs.
  public var outputFormat: FloatFormat
  /// The options, as the JSON object that is sent.
  public var options: String

  /// A question.
  public init(
    _ function: LossFunction, in format: FloatFormat, outputFormat: FloatFormat? = nil,
    options: String = "{}"
  ) {
    self.function = function
    self.format = format
    self.outputFormat = outputFormat ?? format
    self.options = options
  }
}

/// The rows of one request, which have one number of classes and one kind of target.
struct LiveRequest {
  let question: LiveQuestion
  let rows: [LossInput]

  /// What all rows of a request have in common.
  struct Shape: Hashable {
    let classCount: Int
    let target: TargetKind
  }

  /// How targets are written.
  enum TargetKind: String, Hashable {
    case index
    case probabilities
    case none
  }

  private var shape: Shape { rows.first.map(\.requestShape) ?? Shape(classCount: 1, target: .none) }

  /// The number of values that each row gets for an answer.
  var outputsPerRow: Int { question.function.hasOutputPerClass ? shape.classCount : 1 }

  /// The number of bytes of the answer.
  var replySize: Int { rows.count * outputsPerRow * question.outputFormat.byteCount }

  /// The header's line and the payload.
  func bytes(id: Int) -> [UInt8] {
    let (shape, format) = (shape, question.format)
    var payload: [UInt8] = []
    payload.reserveCapacity(rows.count * (shape.classCount + 1) * format.byteCount)
    for row in rows {
      for logit in row.logits { format.append(logit, to: &payload) }
    }
    for row in rows {
      switch row.target {
      case .none: break
      case .index(let label):
        withUnsafeBytes(of: Int32(truncatingIfNeeded: label).littleEndian) {
          payload.append(contentsOf: $0)
        }
      case .probabilities(let values):
        for value in values { format.append(value, to: &payload) }
      }
    }
    let header =
      "{\"protocol\":1,\"id\":\(id),\"function\":\"\(question.function)\","
      + "\"format\":\"\(format)\",\"output_format\":\"\(question.outputFormat)\","
      + "\"rows\":\(rows.count),\"classes\":\(shape.classCount),"
      + "\"target\":\"\(shape.target.rawValue)\",\"options\":\(question.options),"
      + "\"payload\":\(payload.count)}\n"
    return Array(header.utf8) + payload
  }

  /// The outputs of each row in a reply of the right size.
  func outputs(_ reply: ArraySlice<UInt8>) -> [[FloatValue]] {
    let format = question.outputFormat
    let count = outputsPerRow
    var position = reply.startIndex
    return rows.map { _ in
      (0..<count).map { _ in format.value(reply, at: &position) }
    }
  }
}

extension LossInput {
  /// What the request that this row can be part of is like.
  var requestShape: LiveRequest.Shape {
    let kind: LiveRequest.TargetKind =
      switch target {
      case .none: .none
      case .index: .index
      case .probabilities: .probabilities
      }
    return LiveRequest.Shape(classCount: logits.count, target: kind)
  }
}

extension FloatFormat {
  /// Appends the encoding of a number of the format, little-endian; NaN for one that is none of its
  /// numbers.
  fileprivate func append(_ value: FloatValue, to bytes: inout [UInt8]) {
    let bits = encode(value) ?? encode(.nan) ?? 0
    for index in 0..<byteCount {
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt128(8 * index)))
    }
  }

  /// The number at a position, which moves on.
  fileprivate func value(_ bytes: ArraySlice<UInt8>, at position: inout Int) -> FloatValue {
    var bits: UInt128 = 0
    for index in 0..<byteCount { bits |= UInt128(bytes[position + index]) << UInt128(8 * index) }
    position += byteCount
    return decode(bits)
  }
}
