internal import FloatFormats
internal import Interchange
internal import LossFunctions
internal import PropertyEngine

/// Some rows of a batch, as they are sent.
struct LiveRequest {
  let contract: CheckContract
  let rows: LossRows
  let range: Range<Int>
  /// How the losses of the rows are to become one.
  var reduction = Reduction.none

  /// The number of bytes of the answer.
  var replySize: Int {
    outputCount * contract.outputFormat.byteCount
  }

  private var outputCount: Int {
    isReduced ? 1 : range.count * contract.outputsPerRow(of: rows)
  }

  /// Whether there is one value for all rows: gradients are still those of each.
  private var isReduced: Bool { reduction != .none && !contract.function.isGradient }

  /// The header's line and the payload.
  func bytes(id: Int) -> [UInt8] {
    let numbers = range.lowerBound * rows.classCount..<range.upperBound * rows.classCount
    let targetSize =
      switch rows.targetKind {
      case .none: 0
      case .index: range.count * MemoryLayout<Int32>.size
      case .probabilities: numbers.count * rows.format.byteCount
      }
    let gradOutputs = rows.gradOutputPlaces(range)
    let size = (numbers.count + gradOutputs.count) * rows.format.byteCount + targetSize
    // What is no question of version 1 is one of version 2, which says what the numbers are, what becomes of the losses,
    // and how many numbers of `grad_output` follow the targets.
    var options = contract.options
    let isOfLogits = options.input == .logits
    var more = isOfLogits ? "" : "\"input\":\"\(options.input.rawValue)\","
    if reduction != .none { more += "\"reduction\":\"\(reduction.rawValue)\"," }
    let kind = contract.function.gradOutputKind
    if kind != .none { more += "\"grad_output\":\"\(kind.rawValue)\"," }
    options.input = .logits
    let header =
      "{\"protocol\":\(more.isEmpty ? 1 : 2),\"id\":\(id),\"function\":\"\(contract.function)\",\(more)"
      + "\"format\":\"\(rows.format)\",\"output_format\":\"\(contract.outputFormat)\","
      + "\"rows\":\(range.count),\"classes\":\(rows.classCount),"
      + "\"target\":\"\(rows.targetKind.rawValue)\",\"options\":\(options.text),"
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
    bytes += rows.gradOutputs.encoded(gradOutputs)
    return bytes
  }
}

extension CheckContract {
  /// The number of values that each row gets for an answer.
  func outputsPerRow(of rows: LossRows) -> Int {
    function.hasOutputPerClass ? rows.classCount : 1
  }
}
