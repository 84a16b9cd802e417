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
    let request = LiveRequest(
      contract: CheckContract(function, in: .float32), rows: rows, range: 0..<2, reduction: .mean)
    #expect(request.replySize == (function.isGradient ? 16 : 4))
    let line = try #require(request.bytes(id: 1).split(separator: UInt8(ascii: "\n")).first)
    guard case .object(let members) = try JSONValue(parsing: line) else { return }
    #expect(members["protocol"] == .number("2") && members["reduction"] == .string("mean"))
  }

  @Test func `of logits is one of version 1`() throws {
    let members = try header(LossOptions())
    #expect(members["protocol"] == .number("1") && members["input"] == nil)
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
