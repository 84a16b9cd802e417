// The names are those of C.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

internal import CLossOracle
internal import Reference
internal import SmallFoundation

/// Why an entry point has no answer.
struct EntryError: Error {
  let status: lo_status
  let text: String

  init(_ status: Int, _ text: String) {
    self.status = lo_status(status)
    self.text = text
  }

  static func argument(_ text: String) -> EntryError { EntryError(LO_INVALID_ARGUMENT, text) }
  static func input(_ text: String) -> EntryError { EntryError(LO_INVALID_INPUT, text) }
  static let forked = EntryError(
    LO_FORKED, "the process was forked after threads had been used; do this in the parent")
}

/// Runs an entry point: in the arithmetic of the proofs, with errors as statuses, and with the caller's
/// floating-point environment as it was, its exception flags too.
///
/// - Parameter body: What is to be done; its status, where it is none of an error's.
func statusAtBoundary(_ body: () throws -> Int) -> lo_status {
  var environment = fenv_t()
  fegetenv(&environment)
  defer { fesetenv(&environment) }
  return withStandardArithmetic {
    do {
      return lo_status(try body())
    } catch let error as EntryError {
      LOKeepErrorText(error.text)
      return error.status
    } catch {
      LOKeepErrorText("\(error)")
      return lo_status(LO_FAILED)
    }
  }
}

/// Runs an entry point that has nothing to say when it is done.
func atBoundary(_ body: () throws -> Void) -> lo_status {
  statusAtBoundary {
    try body()
    return Int(LO_OK)
  }
}

@c @implementation
public func lo_interface_version() -> UInt32 { UInt32(LO_INTERFACE_VERSION) }

@c @implementation
public func lo_error_text() -> UnsafePointer<CChar>? { LOErrorText() }
