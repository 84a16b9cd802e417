internal import LossFunctions

/// What is wrong with a `.npy` file, and what would do.
public enum NPYError: Error, Hashable, Sendable {
  /// The file does not begin as one.
  case notNPY
  /// It is an archive of several arrays.
  case archive
  /// A version of the format that is not known here.
  case unknownVersion(major: Int, minor: Int)
  /// The header claims more bytes than the file has, or than any header needs.
  case headerTooLong(claimed: Int, available: Int)
  /// The header is not the dictionary that it should be.
  case malformed(problem: String)
  /// The elements are not numbers that can be read.
  case unsupportedType(String, reason: String)
  /// The elements stand in the order of columns.
  case fortranOrder
  /// The shape does not go with the bytes that follow.
  case sizeMismatch(shape: [Int], bytes: Int)
  /// The file cannot be read.
  case access(FileAccessError)
}

extension NPYError: CustomStringConvertible {
  /// What was wrong, and what would do.
  public var description: String {
    switch self {
    case .notNPY: "this is no .npy file"
    case .archive: "this is an .npz archive; save the one array with numpy.save"
    case .unknownVersion(let major, let minor):
      "the .npy format has the version \(major).\(minor); known are 1.0, 2.0 and 3.0"
    case .headerTooLong(let claimed, let available):
      "the header claims \(claimed) bytes, where at most \(available) can be"
    case .malformed(let problem): "the header is not that of an array: \(problem)"
    case .unsupportedType(let type, let reason):
      "the elements are of the type \(type.shown): \(reason); save float16, float32 or float64"
    case .fortranOrder:
      "the array is in Fortran order; save numpy.ascontiguousarray(outputs)"
    case .sizeMismatch(let shape, let bytes):
      "an array of shape \(shape.shown) does not fill the \(bytes) bytes that follow the header"
    case .access(let error): error.description
    }
  }
}
