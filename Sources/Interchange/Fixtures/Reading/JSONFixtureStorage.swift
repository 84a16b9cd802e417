internal import FloatFormats
internal import Foundation
internal import LossFunctions

/// Rows that stand in the JSON of `loss-oracle generate`, read at once.
struct JSONFixtureStorage: FixtureStorage {
  let function: LossFunction
  let format: FloatFormat
  let families: [FixtureRows.FamilyRows]
  let classCount: Int?

  private let inputs: [LossInput]
  private let expectedValues: [[FloatValue]]

  var count: Int { inputs.count }

  /// JSON in memory takes many times its size in a file.
  static let greatestByteCount = 1 << 26

  init(_ data: Data) throws(FixtureError) {
    guard data.count <= Self.greatestByteCount else {
      throw .jsonTooLarge(byteCount: data.count, limit: Self.greatestByteCount)
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: [UInt8](data)[...])
    } catch {
      throw .json(error)
    }
    guard case .object(let members) = value else {
      throw .field("cases", problem: "is missing: the file holds \(value.kind)")
    }
    guard try members.string("schema") == FixtureSchema.json else {
      throw .field("schema", problem: "is not \(FixtureSchema.json)")
    }
    function = try members.known("function") { LossFunction(rawValue: $0) }
    format = try members.known("format") { FloatFormat(named: $0) }

    var inputs: [LossInput] = []
    var expectedValues: [[FloatValue]] = []
    var families: [FixtureRows.FamilyRows] = []
    for (index, element) in try members.list("cases").enumerated() {
      guard case .object(let fixture) = element, case .object(let answer)? = fixture["expected"]
      else { throw .field("cases", problem: "holds no proper case at place \(index)") }
      let input = try Self.input(fixture, index: index, for: function, in: format)
      inputs.append(input)
      let expected = try Self.expected(answer, of: function, in: format)
      guard expected.count == (function.hasOutputPerClass ? input.logits.count : 1) else {
        throw .field("values", problem: "has \(expected.count) of case \(index)")
      }
      expectedValues.append(expected)
      let family = try fixture.string("family")
      if let last = families.last, last.name == family {
        families[families.count - 1] = .init(name: family, count: last.count + 1)
      } else {
        families.append(.init(name: family, count: 1))
      }
    }
    guard case .number(let text)? = members["numberOfCases"], Int(text) == inputs.count else {
      throw .field("numberOfCases", problem: "is not the number of cases, \(inputs.count)")
    }
    let widths = Set(inputs.map(\.logits.count))
    classCount = widths.count == 1 ? widths.first : nil
    self.inputs = inputs
    self.expectedValues = expectedValues
    self.families = families
  }

  private static func input(
    _ fixture: [String: JSONValue], index: Int, for function: LossFunction, in format: FloatFormat
  ) throws(FixtureError) -> LossInput {
    let request: EvaluationRequest
    do {
      request = try EvaluationRequest(fixture["input"] ?? .null, for: function, in: format)
    } catch {
      throw .request(index, error)
    }
    guard case .row(let input, let options) = request, options == LossOptions() else {
      throw .field("input", problem: "of case \(index) is not one row without options")
    }
    return input
  }

  private static func expected(
    _ answer: [String: JSONValue], of function: LossFunction, in format: FloatFormat
  ) throws(FixtureError) -> [FloatValue] {
    let texts =
      function.hasOutputPerClass
      ? try answer.list("values") : [answer["value"] ?? .null]
    var values: [FloatValue] = []
    for text in texts {
      guard case .string(let text) = text else {
        throw .field("expected", problem: "holds \(text.kind) for a hexadecimal float")
      }
      do {
        values.append(try format.value(literal: text))
      } catch {
        throw .field("expected", problem: "holds what is no number: \(error)")
      }
    }
    return values
  }

  func input(_ index: Int) throws(FixtureError) -> LossInput { inputs[index] }

  func expected(_ index: Int) throws(FixtureError) -> [FloatValue]? { expectedValues[index] }
}

extension [String: JSONValue] {
  fileprivate func string(_ field: String) throws(FixtureError) -> String {
    guard case .string(let text)? = self[field] else {
      throw .field(
        field, problem: self[field].map { "is \($0.kind), not a string" } ?? "is missing")
    }
    return text
  }

  fileprivate func list(_ field: String) throws(FixtureError) -> [JSONValue] {
    guard case .array(let elements)? = self[field] else {
      throw .field(field, problem: self[field].map { "is \($0.kind), not a list" } ?? "is missing")
    }
    return elements
  }

  fileprivate func known<Known>(
    _ field: String, _ value: (String) -> Known?
  ) throws(FixtureError) -> Known {
    let name = try string(field)
    guard let value = value(name) else {
      throw .field(field, problem: "is \(name.shown), which is not known")
    }
    return value
  }
}
