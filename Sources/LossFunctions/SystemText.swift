internal import SmallFoundation

extension Error {
  /// What the system says of a failure, in its own words where Foundation has others.
  package var systemText: String {
    guard let reason = (self as? CocoaError)?.underlying as? POSIXError else { return "\(self)" }
    return String(cString: strerror(reason.code.rawValue))
  }
}
