public import FloatFormats
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

/// Some rows of a batch, as they are sent.
struct LiveRequest {
  let question: LiveQuestion
  let rows: LossRows
  let range: Range<Int>

  /// The number of bytes of the answer.
  var replySize: Int {
    range.count * question.outputsPerRow(of: rows) * question.outputFormat.byteCount
  }

  /// The header's line and the payload.
  func bytes(id: Int) -> [UInt8] {
    let numbers = range.lowerBound * rows.classCount..<range.upperBound * rows.classCount
    let targetSize =
      switch rows.targetKind {
      case .none: 0
      case .index: range.count * MemoryLayout<Int32>.size
      case .probabilities: numbers.count * rows.format.byteCount
      }
    let size = numbers.count * rows.format.byteCount + targetSize
    let header =
      "{\"protocol\":1,\"id\":\(id),\"function\":\"\(question.function)\","
      + "\"format\":\"\(rows.format)\",\"output_format\":\"\(question.outputFormat)\","
      + "\"rows\":\(range.count),\"classes\":\(rows.classCount),"
      + "\"target\":\"\(rows.targetKind.rawValue)\",\"options\":\(question.options),"
      + "\"payload\":\(size)}\n"
    var bytes = Array(header.utf8)
    bytes.reserveCapacity(bytes.count + size)
    bytes += rows.logits.encoded(numbers)
    switch rows.targetKind {
    case .none: break
    case .index:
      rows.labels[range].map(\.littleEndian).withUnsafeBytes { bytes.append(contentsOf: $0) }
    case .probabilities: bytes += rows.probabilities.encoded(numbers)
    }
    return bytes
  }
}

extension LiveQuestion {
  /// The number of values that each row gets for an answer.
  func outputsPerRow(of rows: LossRows) -> Int {
    function.hasOutputPerClass ? rows.classCount : 1
  }
}
