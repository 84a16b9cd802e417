internal import FloatFormats
internal import Interchange
internal import LossFunctions
internal import PropertyEngine

/// Some rows of a batch, as they are sent.
///
/// Where several stand side by side, [outer, classes, inner], the first are sent again to fill the last block: so a
/// row alone, too, is read as its neighbours would be.
struct LiveRequest {
  let contract: CheckContract
  let rows: LossRows
  let range: Range<Int>

  /// How the rows stand: a mean is of no rows but those asked.
  private var layout: RowLayout {
    contract.reduction == .none ? contract.layout : contract.layout.fitting(range.count)
  }

  /// How many rows are sent.
  private var sentCount: Int { layout.filled(range.count) }

  /// The number of bytes of the answer.
  var replySize: Int {
    outputCount * contract.outputFormat.byteCount
  }

  /// The functions whose outputs the answer has, one after the other: of a joint one the loss and its gradient.
  private var functions: [LossFunction] {
    let loss = contract.function.loss ?? contract.function
    return contract.isJoint ? [loss, loss.gradient ?? loss] : [contract.function]
  }

  private var outputCount: Int { functions.reduce(0) { $0 + outputCount(of: $1) } }

  private func outputCount(of function: LossFunction) -> Int {
    isReduced(function) ? 1 : sentCount * function.outputCount(classCount: rows.classCount)
  }

  /// The outputs of the rows, out of the bytes of the answer: of a joint one those that are judged.
  func outputs(_ bytes: [UInt8]) -> NumberColumn {
    let function = contract.function
    let start = function == functions[0] ? 0 : outputCount - outputCount(of: function)
    let size = contract.outputFormat.byteCount
    let places = start * size..<(start + outputCount(of: function)) * size
    let values = bytes[places].withUnsafeBytes {
      NumberColumn(contract.outputFormat, decoding: $0)
    }
    guard layout.inner != nil, !isReduced(function) else { return values }
    let each = contract.outputsPerRow(of: rows)
    var asked = NumberColumn(contract.outputFormat)
    asked.append(values.rowByRow(layout, each: each), 0..<range.count * each)
    return asked
  }

  /// Whether there is one value for all rows: gradients are still those of each.
  private func isReduced(_ function: LossFunction) -> Bool {
    contract.reduction != .none && !function.isGradient
  }

  /// The header's line and the payload.
  func bytes(id: Int) -> [UInt8] {
    guard sentCount == range.count else {
      let sent = (0..<sentCount).map { range.lowerBound + $0 % range.count }
      return LiveRequest(
        contract: contract, rows: rows.selecting(sent), range: 0..<sentCount
      ).bytes(id: id)
    }
    let numbers = range.lowerBound * rows.classCount..<range.upperBound * rows.classCount
    let targetSize =
      switch rows.targetKind {
      case .none: 0
      case .index: range.count * MemoryLayout<Int32>.size
      case .probabilities, .logits: numbers.count * rows.format.byteCount
      }
    let gradOutputs = rows.gradOutputPlaces(range)
    let size = (numbers.count + gradOutputs.count) * rows.format.byteCount + targetSize
    // What is no question of version 1 is one of version 2, which says what the numbers are, what becomes of the losses
    // and what a mean divides by, whether their gradient is to be given with them, how many numbers of `grad_output` follow the targets, and where the classes stand; and which has logits as targets.
    var options = contract.options
    let isOfLogits = options.input == .logits
    var more = isOfLogits ? "" : "\"input\":\"\(options.input.rawValue)\","
    if contract.reduction != .none {
      more += "\"reduction\":\"\(contract.reduction.rawValue)\","
      if let denominator = options.denominator {
        more += "\"denominator\":\"\(denominator.rawValue)\","
      }
    }
    if contract.isJoint { more += "\"outputs\":[\"loss\",\"gradient\"]," }
    let kind = contract.function.gradOutputKind(options)
    if kind != .none { more += "\"grad_output\":\"\(kind.rawValue)\"," }
    if layout.inner != nil {
      let shape = layout.shape(range.count, each: rows.classCount).map { "\($0)" }
      more += "\"class_axis\":1,\"shape\":[\(shape.joined(separator: ","))],"
    }
    (options.input, options.denominator, options.gradOutput) = (.logits, nil, .none)
    let isOfVersion1 = more.isEmpty && rows.targetKind != .logits
    let header =
      "{\"protocol\":\(isOfVersion1 ? 1 : 2),\"id\":\(id),\"function\":\"\(functions[0])\",\(more)"
      + "\"format\":\"\(rows.format)\",\"output_format\":\"\(contract.outputFormat)\","
      + "\"rows\":\(range.count),\"classes\":\(rows.classCount),"
      + "\"target\":\"\(rows.targetKind.rawValue)\",\"options\":\(options.text),"
      + "\"payload\":\(size)}\n"
    var bytes = Array(header.utf8)
    bytes.reserveCapacity(bytes.count + size)
    bytes += laidOut(rows.logits, numbers)
    switch rows.targetKind {
    case .none: break
    case .index:
      rows.labels[range].map { $0.littleEndian }.withUnsafeBytes { bytes.append(contentsOf: $0) }
    case .probabilities, .logits: bytes += laidOut(rows.probabilities, numbers)
    }
    bytes += laidOut(rows.gradOutputs, gradOutputs)
    return bytes
  }

  /// Numbers of the rows, as many of each, as they are sent.
  private func laidOut(_ column: NumberColumn, _ places: Range<Int>) -> [UInt8] {
    guard layout.inner != nil, !places.isEmpty else { return column.encoded(places) }
    var part = NumberColumn(column.format)
    part.append(column, places)
    return part.laidOut(layout, each: places.count / range.count).encoded
  }
}

extension CheckContract {
  /// The number of values that each row gets for an answer.
  func outputsPerRow(of rows: LossRows) -> Int {
    function.outputCount(classCount: rows.classCount)
  }
}
