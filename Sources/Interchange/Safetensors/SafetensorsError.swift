internal import LossFunctions

/// What is wrong with a safetensors file, and where.
public enum SafetensorsError: Error, Hashable, Sendable {
  /// The file is shorter than a header's length.
  case truncated(byteCount: Int)
  /// The header claims more bytes than the file has, or than any header needs.
  case headerTooLong(claimed: UInt64, available: Int)
  /// The header is not JSON.
  case headerNotJSON(JSONError)
  /// What should be an object is not.
  case notAnObject(field: String)
  /// An entry of the metadata is not a string.
  case metadataNotText(name: String)
  /// A field of a tensor's entry is missing or not what it should be.
  case malformed(name: String, field: String)
  /// A type of elements that is not known, or not one that losses come in.
  case unknownType(name: String, String, known: [String])
  /// A tensor reaches beyond the end of the file.
  case outOfBounds(name: String, end: Int, available: Int)
  /// A tensor's shape does not go with its bytes.
  case sizeMismatch(name: String, shape: [Int], bytes: Int)
  /// A tensor does not begin where the one before it ends.
  case misplaced(name: String, begin: Int, expected: Int)
  /// Bytes at the end of the file belong to no tensor.
  case uncovered(begin: Int, available: Int)
  /// There is no tensor of a name.
  case missing(name: String, present: [String])
  /// A tensor has elements of another type than is needed.
  case wrongType(name: String, String, expected: String)
  /// A tensor has another shape than is needed.
  case wrongShape(name: String, shape: [Int], expected: String)
  /// An element has another value than is needed.
  case wrongValue(name: String, index: Int, expected: String)
  /// A tensor to be written has more bytes than can be counted.
  case tooLarge(name: String, shape: [Int])
  /// A tensor to be written has a name that is taken.
  case nameTaken(String)
  /// The file cannot be read.
  case access(FileAccessError)
}

extension SafetensorsError: CustomStringConvertible {
  /// What was wrong.
  public var description: String {
    switch self {
    case .truncated(let byteCount): "the file ends after \(byteCount) bytes, before its header"
    case .headerTooLong(let claimed, let available):
      "the header claims \(claimed) bytes, where at most \(available) can be"
    case .headerNotJSON(let error): "the header is \(error)"
    case .notAnObject(let field): "\(field.shown) is not a JSON object"
    case .metadataNotText(let name): "the metadata entry \(name.shown) is not a string"
    case .malformed(let name, let field):
      "the entry of tensor \(name.shown) has no proper \(field.shown)"
    case .unknownType(let name, let type, let known):
      "tensor \(name.shown) has the type \(type.shown); known are \(known.joined(separator: ", "))"
    case .outOfBounds(let name, let end, let available):
      "tensor \(name.shown) ends at byte \(end) of \(available)"
    case .sizeMismatch(let name, let shape, let bytes):
      "tensor \(name.shown) of shape \(shape.shown) does not fill its \(bytes) bytes"
    case .misplaced(let name, let begin, let expected):
      "tensor \(name.shown) begins at byte \(begin), where the one before it ends at \(expected)"
    case .uncovered(let begin, let available):
      "the bytes from \(begin) to \(available) belong to no tensor"
    case .missing(let name, let present):
      "there is no tensor \(name.shown); there are \(present.shown)"
    case .wrongType(let name, let type, let expected):
      "tensor \(name.shown) has the type \(type.shown), not \(expected)"
    case .wrongShape(let name, let shape, let expected):
      "tensor \(name.shown) has the shape \(shape.shown), not \(expected)"
    case .wrongValue(let name, let index, let expected):
      "element \(index) of tensor \(name.shown) is not \(expected)"
    case .tooLarge(let name, let shape):
      "tensor \(name.shown) of shape \(shape.shown) is too large for a file"
    case .access(let error): error.description
    case .nameTaken(let name): "there is a tensor \(name.shown) already, or the name is reserved"
    }
  }
}
