public import LossFunctions

/// What is wrong with a file of fixtures or of outputs, and what would do.
///
/// `.access` means that there is no such input (exit status 66), all else that its data is bad (65).
public enum FixtureError: Error, Hashable, Sendable {
  /// The file cannot be read.
  case access(FileAccessError)
  /// The file's name does not end in one of these.
  case unknownKind(name: String, known: [String])
  /// The file is no proper safetensors file, or its tensors do not go together.
  case safetensors(SafetensorsError)
  /// The file is no proper `.npy` file.
  case npy(NPYError)
  /// The file is not JSON.
  case json(JSONError)
  /// A JSON file has more bytes than are read at once.
  case jsonTooLarge(byteCount: Int, limit: Int)
  /// A field is missing, or is not what it should be.
  case field(String, problem: String)
  /// The fixtures are of another function than is checked.
  case otherFunction(found: LossFunction, wanted: LossFunction)
  /// The file does not tell which function it is for.
  case functionMissing
  /// There is not one row.
  case noRows
  /// A row is none that the function is defined for.
  case row(Int, InputError)
  /// A row is not one of a request.
  case request(Int, EvaluationRequestError)
  /// The outputs have another shape than the fixtures ask for.
  case outputShape(found: [Int], expected: [Int])
  /// The rows of the fixtures have several numbers of outputs.
  case raggedRows
}

extension FixtureError: CustomStringConvertible {
  /// What was wrong, and what would do.
  public var description: String {
    switch self {
    case .access(let error): error.description
    case .unknownKind(let name, let known):
      "\(name.shown) does not end in \(known.joined(separator: " or "))"
    case .safetensors(let error): error.description
    case .npy(let error): error.description
    case .json(let error): error.description
    case .jsonTooLarge(let byteCount, let limit):
      "JSON of \(byteCount) bytes is more than the \(limit) that are read; generate .safetensors"
    case .field(let field, let problem): "the field \(field.shown) \(problem)"
    case .otherFunction(let found, let wanted): "the fixtures are of \(found), not of \(wanted)"
    case .functionMissing: "the metadata has no \"function\"; name the function"
    case .noRows: "there is not one row"
    case .row(let index, let error): "row \(index): \(error)"
    case .request(let index, let error): "case \(index): \(error)"
    case .outputShape(let found, let expected):
      "the outputs have the shape \(found.shown), and the fixtures ask for \(expected.shown)"
    case .raggedRows: "the rows have several numbers of outputs, which no tensor can hold"
    }
  }
}
