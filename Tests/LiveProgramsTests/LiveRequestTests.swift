import FloatFormats
import Foundation
import Interchange
import LossFunctions
import PropertyEngine
import Testing

@testable import Checking

@Suite struct `A request` {
  private func header(_ options: LossOptions) throws -> [String: JSONValue] {
    let input = LossInput(logits: [.one, .zero], target: .index(0))
    let contract = CheckContract(.crossEntropy, in: .float32, options: options)
    let bytes = LiveRequest(
      contract: contract, rows: LossRows(input, in: .float32), range: 0..<1
    ).bytes(id: 7)
    let line = try #require(bytes.split(separator: UInt8(ascii: "\n")).first)
    #expect(bytes.count == line.count + 1 + 12)
    guard case .object(let members) = try JSONValue(parsing: line) else { return [:] }
    return members
  }

  @Test(arguments: [LossFunction.crossEntropy, .crossEntropyGradient])
  func `of a reduction is one of version 2, and asks for one value or for gradients`(
    _ function: LossFunction
  ) throws {
    var rows = LossRows(.float32, classCount: 2, targetKind: .index)
    for label in 0..<2 {
      rows.append(LossInput(logits: [.one, .zero], target: .index(label)))
    }
    var contract = CheckContract(function, in: .float32)
    contract.reduction = .mean
    contract.options.denominator = .validRows
    let request = LiveRequest(contract: contract, rows: rows, range: 0..<2)
    #expect(request.replySize == (function.isGradient ? 16 : 4))
    let line = try #require(request.bytes(id: 1).split(separator: UInt8(ascii: "\n")).first)
    guard case .object(let members) = try JSONValue(parsing: line) else { return }
    #expect(members["protocol"] == .number("2") && members["reduction"] == .string("mean"))
    #expect(members["denominator"] == .string("valid-rows"))
    #expect(members["options"] == .object([:]))
  }

  @Test(arguments: [Reduction.none, .mean])
  func `for a loss and its gradient is answered with both, of which one is judged`(
    _ reduction: Reduction
  ) throws {
    for function in [LossFunction.crossEntropy, .crossEntropyGradient] {
      var contract = CheckContract(function, in: .float32)
      contract.isJoint = true
      contract.reduction = reduction
      let request = LiveRequest(contract: contract, rows: numbered(2), range: 0..<2)
      let header = try sent(request).header
      #expect(header["function"] == .string("cross-entropy") && header["protocol"] == .number("2"))
      #expect(header["outputs"] == .array([.string("loss"), .string("gradient")]))
      let losses: [Double] = reduction == .none ? [1, 2] : [3]
      let gradients: [Double] = [4, 5, 6, 7]
      #expect(request.replySize == 4 * (losses + gradients).count)
      let reply = NumberColumn(.float32, doubles: losses + gradients).encoded
      #expect(request.outputs(reply).doubles == (function.isGradient ? gradients : losses))
    }
  }

  @Test func `of logits is one of version 1`() throws {
    let members = try header(LossOptions())
    #expect(members["protocol"] == .number("1") && members["input"] == nil)
  }

  /// Logits 10·row + class of as many rows.
  private func numbered(_ count: Int) -> LossRows {
    var rows = LossRows(.float32, classCount: 2, targetKind: .index)
    for row in 0..<count {
      rows.append(
        LossInput(
          logits: (0..<2).map { FloatValue(Double(10 * row + $0)) }, target: .index(row % 2)))
    }
    return rows
  }

  /// The header, the logits and the labels as they are sent.
  private func sent(
    _ request: LiveRequest
  ) throws -> (header: [String: JSONValue], logits: [Double], labels: [UInt8]) {
    let bytes = request.bytes(id: 1)
    let end = try #require(bytes.firstIndex(of: UInt8(ascii: "\n")))
    guard case .object(let members) = try JSONValue(parsing: bytes[..<end]),
      case .number(let rows)? = members["rows"], let count = Int(rows)
    else { return ([:], [], []) }
    let payload = bytes[(end + 1)...]
    #expect(members["payload"] == .number("\(payload.count)"))
    let logits = Array(payload.prefix(8 * count)).withUnsafeBytes {
      NumberColumn(.float32, decoding: $0)
    }
    let labels = stride(from: 8 * count, to: payload.count, by: 4).map {
      payload[payload.startIndex + $0]
    }
    return (members, logits.doubles, labels)
  }

  @Test func `with the classes in the middle has them a stride apart, and fills the last block`()
    throws
  {
    var contract = CheckContract(.softmax, in: .float32)
    contract.layout = RowLayout(inner: 3)
    let request = LiveRequest(contract: contract, rows: numbered(5), range: 1..<5)
    let (header, logits, labels) = try sent(request)
    #expect(header["protocol"] == .number("2") && header["class_axis"] == .number("1"))
    #expect(header["shape"] == .array(["2", "2", "3"].map { .number($0) }))
    #expect(header["rows"] == .number("6") && header["classes"] == .number("2"))
    // Rows 1 to 4, and 1 and 2 once more.
    #expect(logits == [10, 20, 30, 11, 21, 31, 40, 10, 20, 41, 11, 21])
    #expect(labels == [1, 0, 1, 0, 1, 0])
    // What comes back in the same order is the four rows again.
    #expect(request.replySize == 48)
    let outputs = request.outputs(NumberColumn(.float32, doubles: logits).encoded)
    #expect(outputs.doubles == [10, 11, 20, 21, 30, 31, 40, 41])
  }

  @Test func `of one row has it beside itself, and of a mean no row twice`() throws {
    var contract = CheckContract(.crossEntropy, in: .float32)
    contract.layout = RowLayout(inner: 3)
    var request = LiveRequest(contract: contract, rows: numbered(4), range: 2..<3)
    #expect(try sent(request).logits == [20, 20, 20, 21, 21, 21] && request.replySize == 12)
    #expect(request.outputs([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]).doubles == [0])
    contract.reduction = .mean
    request = LiveRequest(contract: contract, rows: numbered(4), range: 0..<4)
    let (header, logits, _) = try sent(request)
    #expect(header["shape"] == .array(["2", "2", "2"].map { .number($0) }))
    #expect(logits == [0, 10, 1, 11, 20, 30, 21, 31] && request.replySize == 4)
  }

  @Test func `of probabilities is one of version 2, which says so`() throws {
    var options = LossOptions()
    options.input = .probabilities
    options.labelSmoothing = FloatValue(0.5)
    let members = try header(options)
    #expect(members["protocol"] == .number("2") && members["input"] == .string("probabilities"))
    #expect(members["options"] == .object(["label_smoothing": .number("0.5")]))
    // In files it stands among the options.
    #expect(options.text == #"{"input": "probabilities", "label_smoothing": 0.5}"#)
    #expect(try LossOptions(parsing: options.text, for: .crossEntropy, in: .float32) == options)
  }
}
