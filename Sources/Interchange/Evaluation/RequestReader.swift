internal import FloatFormats
internal import LossFunctions

/// Reads the requests that lines make of one function, in one format. The numbers of a row are left in
/// columns that the next row is read into, so that a line costs no allocation.
struct RequestReader {
  let function: LossFunction
  let format: FloatFormat

  /// The options of the request that was read last.
  private(set) var options = LossOptions()
  /// The logits of the row that was read last.
  private(set) var logits: NumberColumn
  /// How its target is given.
  private(set) var targetKind = TargetKind.none
  /// Its class index, where that is the target.
  private(set) var label = 0
  /// Its probabilities or its logits, where those are.
  private(set) var probabilities: NumberColumn
  /// What its gradient is multiplied by, where the function takes it.
  private(set) var gradOutput: NumberColumn

  /// The names of the fields for the numbers of a row, by what these are.
  private let numberFields: [String]
  private let inputs: [InputKind]
  /// What the numbers of the row that was read last are.
  private var input = InputKind.logits
  /// The names of the fields for a target, of which a row has one.
  private let targetFields: [String]
  private let rowFields: [String]
  /// The options of a line, whose fields say what its numbers are; those of a batch; and those of an object of options.
  private let lineOptions: [LossOption]
  private let batchOptions: [LossOption]
  private let optionFields: [LossOption]
  private let requestFields: [String]
  /// The place of each field that was asked for; nil for one that is not there.
  private var places: [Int?] = []

  init(function: LossFunction, format: FloatFormat) {
    self.function = function
    self.format = format
    logits = NumberColumn(format)
    probabilities = NumberColumn(format)
    gradOutput = NumberColumn(format)
    inputs = function.inputs
    numberFields = inputs.map { $0.fieldName(isBinary: function.isBinary) }
    targetFields =
      (function.hasLabels ? ["target"] : [])
      + (function.targetKinds.contains(.logits) ? ["target_logits"] : [])
    let takesGradOutput = function.gradOutputKind != .none || function.mayHaveGradOutput
    rowFields =
      numberFields + targetFields + (takesGradOutput ? [function.gradOutputKind.fieldName] : [])
    optionFields = LossOption.allCases.filter(function.options.contains)
    batchOptions = optionFields.filter { ![.input, .gradOutput].contains($0) }
    lineOptions = batchOptions.filter { $0 != .denominator }
    requestFields = rowFields + lineOptions.map(\.rawValue)
  }

  /// The row that was read last, by itself.
  var row: LossInput {
    let target: Target =
      switch targetKind {
      case .none: .none
      case .index: .index(label)
      case .probabilities: .probabilities(probabilities[0..<probabilities.count])
      case .logits: .logits(probabilities[0..<probabilities.count])
      }
    return LossInput(
      logits: logits[0..<logits.count], target: target,
      gradOutput: gradOutput[0..<gradOutput.count])
  }

  /// Reads a request: one row, or a batch, which is returned.
  mutating func read(
    _ tape: JSONTape, _ place: Int
  ) throws(EvaluationRequestError) -> ([LossInput], Reduction)? {
    guard tape.kind(place) == .object else {
      throw .notAnObject(kind: tape.kind(place).description)
    }
    if function.isOfLosses, tape.member("rows", of: place) != nil {
      return try readBatch(tape, place)
    }
    try find(requestFields, tape, place)
    let optionPlaces = places[rowFields.count...]
    try readRow(tape)
    try readOptions(tape, lineOptions, optionPlaces)
    options.input = input
    if function.mayHaveGradOutput, gradOutput.count > 0 { options.gradOutput = .row }
    return nil
  }

  /// Reads an object of nothing but options.
  mutating func readOptions(_ tape: JSONTape) throws(EvaluationRequestError) {
    guard tape.kind(JSONTape.root) == .object else {
      throw .notAnObject(kind: tape.kind(JSONTape.root).description)
    }
    try find(optionFields.map(\.rawValue), tape, JSONTape.root)
    try readOptions(tape, optionFields, places[...])
  }

  private mutating func readBatch(
    _ tape: JSONTape, _ place: Int
  ) throws(EvaluationRequestError) -> ([LossInput], Reduction) {
    try find(["rows", "reduction"] + batchOptions.map(\.rawValue), tape, place)
    let found = places
    guard let rows = found[0], tape.kind(rows) == .array else {
      let kind = found[0].map { tape.kind($0).description } ?? "nothing"
      throw .wrongKind(field: "rows", expected: "a list of objects", found: kind)
    }
    var inputs: [LossInput] = []
    var kind: InputKind?
    var gradOutputCount: Int?
    try tape.forEachElement(rows) { element throws(EvaluationRequestError) in
      guard tape.kind(element) == .object else {
        throw .notAnObject(kind: tape.kind(element).description)
      }
      try find(rowFields, tape, element)
      try readRow(tape)
      guard kind == nil || kind == input else { throw .several(fields: numberFields) }
      kind = input
      guard gradOutputCount ?? gradOutput.count == gradOutput.count else {
        throw .missing(field: function.gradOutputKind.fieldName)
      }
      gradOutputCount = gradOutput.count
      inputs.append(row)
    }
    var reduction = Reduction.mean
    if let place = found[1] {
      let names = Reduction.allCases.map(\.rawValue).joined(separator: ", ")
      guard tape.kind(place) == .string, let known = Reduction(rawValue: tape.string(place)) else {
        throw .wrongKind(
          field: "reduction", expected: "one of \(names)", found: tape.kind(place).description)
      }
      reduction = known
    }
    try readOptions(tape, batchOptions, found[2...])
    options.input = kind ?? .logits
    if function.mayHaveGradOutput, gradOutputCount == 1 { options.gradOutput = .row }
    return (inputs, reduction)
  }

  /// Finds the members of an object by name.
  ///
  /// - Throws: `unknown`, for the first in order of those that are not asked for.
  private mutating func find(
    _ names: [String], _ tape: JSONTape, _ object: Int
  ) throws(EvaluationRequestError) {
    places.removeAll(keepingCapacity: true)
    for _ in names { places.append(nil) }
    var unknown: String?
    tape.forEachMember(object) { name, value in
      if let index = names.firstIndex(where: { tape.isString(name, $0) }) {
        places[index] = value
      } else {
        let text = tape.string(name)
        unknown = min(unknown ?? text, text)
      }
    }
    if let unknown { throw .unknown(field: unknown, known: names) }
  }

  /// Reads the row whose fields have just been found.
  private mutating func readRow(_ tape: JSONTape) throws(EvaluationRequestError) {
    var found: Int?
    for index in numberFields.indices where places[index] != nil {
      guard found == nil else { throw .several(fields: numberFields) }
      found = index
    }
    guard let found, let place = places[found] else { throw .missing(field: numberFields[0]) }
    let field = numberFields[found]
    input = inputs[found]
    targetKind = .none
    if function.isBinary {
      logits.removeAll()
      try logits.append(tape, place, field)
    } else {
      try logits.read(tape, place, field)
    }
    try readGradOutput(tape)
    guard function.hasTarget else { return }
    if function.targetKinds.contains(.logits),
      let logits = places[numberFields.count + targetFields.count - 1]
    {
      guard targetFields.count == 1 || places[numberFields.count] == nil else {
        throw .several(fields: targetFields)
      }
      targetKind = .logits
      try probabilities.read(tape, logits, "target_logits")
      return
    }
    guard !function.comparesLogits, let target = places[numberFields.count] else {
      throw .missing(field: targetFields[0])
    }
    switch tape.kind(target) {
    case _ where function.isBinary:
      targetKind = .probabilities
      probabilities.removeAll()
      try probabilities.append(tape, target, "target")
    case .array:
      targetKind = .probabilities
      try probabilities.read(tape, target, "target")
    case .number:
      targetKind = .index
      label = try tape.integer(target, "target")
    case let kind:
      throw .wrongKind(
        field: "target", expected: "a class index or a list of probabilities",
        found: kind.description)
    }
  }

  private mutating func readGradOutput(_ tape: JSONTape) throws(EvaluationRequestError) {
    gradOutput.removeAll()
    guard function.gradOutputKind != .none || function.mayHaveGradOutput else { return }
    let field = rowFields[rowFields.count - 1]
    guard let place = places[rowFields.count - 1] else {
      if function.mayHaveGradOutput { return }
      throw .missing(field: field)
    }
    switch function.gradOutputKind {
    case .classes, .partials: try gradOutput.read(tape, place, field)
    default: try gradOutput.append(tape, place, field)
    }
  }

  private mutating func readOptions(
    _ tape: JSONTape, _ fields: [LossOption], _ places: ArraySlice<Int?>
  ) throws(EvaluationRequestError) {
    options = LossOptions()
    for (option, place) in zip(fields, places) {
      guard let place else { continue }
      switch option.value {
      case .input(let path):
        options[keyPath: path] = try tape.named(
          place, option.rawValue, InputKind.init(rawValue:),
          among: InputKind.allCases.map(\.rawValue).joined(separator: ", "))
      case .denominator(let path):
        options[keyPath: path] = try tape.named(
          place, option.rawValue, Denominator.init(named:), among: Denominator.list)
      case .gradOutput(let path):
        guard tape.kind(place) == .string, tape.string(place) == GradOutputKind.row.rawValue else {
          throw .wrongKind(
            field: option.rawValue, expected: "\"row\", a number for each row",
            found: tape.kind(place).description)
        }
        options[keyPath: path] = .row
      case .list(let path):
        var column = NumberColumn(format)
        try column.read(tape, place, option.rawValue)
        options[keyPath: path] = column[0..<column.count]
      case .integer(let path): options[keyPath: path] = try tape.integer(place, option.rawValue)
      case .number(let path):
        var column = NumberColumn(.float64)
        try column.append(tape, place, option.rawValue)
        options[keyPath: path] = column[0]
      }
    }
  }
}

extension NumberColumn {
  /// Takes the numbers of a list for what was there.
  fileprivate mutating func read(
    _ tape: JSONTape, _ list: Int, _ field: String
  ) throws(EvaluationRequestError) {
    removeAll()
    guard tape.kind(list) == .array else {
      throw .wrongKind(
        field: field, expected: "a list of numbers", found: tape.kind(list).description)
    }
    try tape.forEachElement(list) { place throws(EvaluationRequestError) in
      try append(tape, place, field)
    }
  }

  /// Appends a number, which may stand as a string, too.
  fileprivate mutating func append(
    _ tape: JSONTape, _ place: Int, _ field: String
  ) throws(EvaluationRequestError) {
    switch tape.kind(place) {
    case .number, .string:
      if let number = format.number(decimal: tape.bytes(place)) { return append(number) }
      do throws(NumberLiteralError) {
        append(try format.value(literal: tape.string(place)))
      } catch {
        throw .number(field: field, error)
      }
    case let kind: throw .wrongKind(field: field, expected: "a number", found: kind.description)
    }
  }
}

extension JSONTape {
  /// What a string names.
  fileprivate func named<Value>(
    _ place: Int, _ field: String, _ value: (String) -> Value?, among names: String
  ) throws(EvaluationRequestError) -> Value {
    let isText = kind(place) == .string
    guard isText, let value = value(string(place)) else {
      throw .wrongKind(
        field: field, expected: "one of \(names)",
        found: isText ? string(place).shown : kind(place).description)
    }
    return value
  }

  fileprivate func integer(
    _ place: Int, _ field: String
  ) throws(EvaluationRequestError) -> Int {
    guard kind(place) == .number, let integer = Int(string(place)) else {
      let found = kind(place) == .number ? string(place) : kind(place).description
      throw .wrongKind(field: field, expected: "an integer", found: found)
    }
    return integer
  }
}

extension ArraySlice<UInt8> {
  /// Calls `body` with the tape of the JSON text that this is.
  func withTape<Output>(
    _ body: (JSONTape) throws(EvaluationRequestError) -> Output
  ) throws(EvaluationRequestError) -> Output {
    try withUnsafeBufferPointer { text -> Result<Output, EvaluationRequestError> in
      Result { () throws(EvaluationRequestError) -> Output in
        var tape = JSONTape()
        do throws(JSONError) {
          try tape.read(text)
        } catch {
          throw .json(error)
        }
        return try body(tape)
      }
    }.get()
  }
}
