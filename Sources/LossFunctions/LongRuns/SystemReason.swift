internal import Foundation

extension Error {
  /// Why the system refused, in its own words rather than in Foundation's, which are often a number.
  package var systemReason: String {
    var error = self as NSError
    while let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError { error = cause }
    return error.domain == NSPOSIXErrorDomain
      ? String(cString: strerror(Int32(truncatingIfNeeded: error.code))) : localizedDescription
  }
}
