internal import FloatFormats
internal import LossFunctions

/// Rows that stand in the JSON of `loss-oracle generate`, read at once.
struct JSONFixtureStorage: FixtureStorage {
  let function: LossFunction
  let format: FloatFormat
  let options: LossOptions
  let families: [FixtureRows.FamilyRows]
  let classCount: Int?

  private let inputs: [LossInput]
  private let expectedValues: [[FloatValue]]

  var count: Int { inputs.count }

  /// JSON in memory takes many times its size in a file.
  static let greatestByteCount = 1 << 26

  init(_ file: FileBytes) throws(FixtureError) {
    guard file.count <= Self.greatestByteCount else {
      throw .jsonTooLarge(byteCount: file.count, limit: Self.greatestByteCount)
    }
    let bytes = try file.read(0..<file.count, orThrow: FixtureError.access)
    self = try bytes.withUnsafeBufferPointer {
      text -> Result<JSONFixtureStorage, FixtureError> in
      Result { () throws(FixtureError) -> JSONFixtureStorage in
        var tape = JSONTape()
        do throws(JSONError) {
          try tape.read(text)
        } catch {
          throw .json(error)
        }
        return try JSONFixtureStorage(tape)
      }
    }.get()
  }

  private init(_ tape: JSONTape) throws(FixtureError) {
    let root = JSONTape.root
    guard tape.kind(root) == .object else {
      throw .field("cases", problem: "is missing: the file holds \(tape.kind(root))")
    }
    guard try tape.string("schema", of: root) == FixtureSchema.json else {
      throw .field("schema", problem: "is not \(FixtureSchema.json)")
    }
    let function = try tape.known("function", of: root) { LossFunction(rawValue: $0) }
    let format = try tape.known("format", of: root) { FloatFormat(named: $0) }

    let kind =
      tape.member("input", of: root) == nil
      ? .logits : try tape.known("input", of: root) { InputKind(rawValue: $0) }

    let text = tape.member("options", of: root) == nil ? nil : try tape.string("options", of: root)
    let options = try LossOptions.ofFixtures(text, kind, for: function, in: format)
    self.options = options

    var inputs: [LossInput] = []
    var expectedValues: [[FloatValue]] = []
    var families: [FixtureRows.FamilyRows] = []
    let cases = try tape.list("cases", of: root)
    try tape.forEachElement(cases) { fixture throws(FixtureError) in
      let index = inputs.count
      guard tape.kind(fixture) == .object, let answer = tape.member("expected", of: fixture),
        tape.kind(answer) == .object
      else { throw .field("cases", problem: "holds no proper case at place \(index)") }
      let input = try Self.input(
        tape, fixture, index: index, for: function, of: kind, options.gradOutput, in: format)
      inputs.append(input)
      let expected = try Self.expected(tape, answer, of: function, in: format)
      guard expected.count == function.outputCount(classCount: input.logits.count) else {
        throw .field("values", problem: "has \(expected.count) of case \(index)")
      }
      expectedValues.append(expected)
      let family = try tape.string("family", of: fixture)
      if let last = families.last, last.name == family {
        families[families.count - 1] = .init(name: family, count: last.count + 1)
      } else {
        families.append(.init(name: family, count: 1))
      }
    }
    guard let count = tape.member("numberOfCases", of: root), tape.kind(count) == .number,
      Int(tape.string(count)) == inputs.count
    else { throw .field("numberOfCases", problem: "is not the number of cases, \(inputs.count)") }
    let widths = Set(inputs.map(\.logits.count))
    self.function = function
    self.format = format
    classCount = widths.count == 1 ? widths.first : nil
    self.inputs = inputs
    self.expectedValues = expectedValues
    self.families = families
  }

  private static func input(
    _ tape: JSONTape, _ fixture: Int, index: Int, for function: LossFunction, of kind: InputKind,
    _ gradOutput: GradOutputKind, in format: FloatFormat
  ) throws(FixtureError) -> LossInput {
    guard let place = tape.member("input", of: fixture) else {
      throw .request(index, .notAnObject(kind: JSONTape.Kind.null.description))
    }
    let request: EvaluationRequest
    do {
      request = try EvaluationRequest(tape, place, for: function, in: format)
    } catch {
      throw .request(index, error)
    }
    var expected = LossOptions()
    expected.input = kind
    expected.gradOutput = gradOutput
    guard case .row(let input, let options) = request, options == expected else {
      throw .field("input", problem: "of case \(index) is not one row of \(kind) without options")
    }
    return input
  }

  private static func expected(
    _ tape: JSONTape, _ answer: Int, of function: LossFunction, in format: FloatFormat
  ) throws(FixtureError) -> [FloatValue] {
    var values: [FloatValue] = []
    func append(_ place: Int?) throws(FixtureError) {
      let kind = place.map(tape.kind) ?? .null
      guard let place, kind == .string else {
        throw .field("expected", problem: "holds \(kind) for a hexadecimal float")
      }
      do {
        values.append(try format.value(literal: tape.string(place)))
      } catch {
        throw .field("expected", problem: "holds what is no number: \(error)")
      }
    }
    if function.hasOutputList {
      let list = try tape.list("values", of: answer)
      try tape.forEachElement(list) { place throws(FixtureError) in try append(place) }
    } else {
      try append(tape.member("value", of: answer))
    }
    return values
  }

  func rows(_ range: Range<Int>) throws(FixtureError) -> [PlacedRows] {
    Array(inputs[range]).batches(in: format).map { batch in
      PlacedRows(batch.rows, places: batch.places.map { range.lowerBound + $0 })
    }
  }

  func expected(_ index: Int) throws(FixtureError) -> [FloatValue]? { expectedValues[index] }
}

extension JSONTape {
  fileprivate func string(_ field: String, of object: Int) throws(FixtureError) -> String {
    string(try member(field, of: object, .string))
  }

  fileprivate func list(_ field: String, of object: Int) throws(FixtureError) -> Int {
    try member(field, of: object, .array)
  }

  private func member(
    _ field: String, of object: Int, _ kind: Kind
  ) throws(FixtureError) -> Int {
    guard let place = member(field, of: object) else { throw .field(field, problem: "is missing") }
    guard self.kind(place) == kind else {
      throw .field(field, problem: "is \(self.kind(place)), not \(kind)")
    }
    return place
  }

  fileprivate func known<Known>(
    _ field: String, of object: Int, _ value: (String) -> Known?
  ) throws(FixtureError) -> Known {
    let name = try string(field, of: object)
    guard let value = value(name) else {
      throw .field(field, problem: "is \(name.shown), which is not known")
    }
    return value
  }
}
