// What the library takes of Foundation. On Linux that is its essential part: the whole brings ICU along,
// which is larger than all the rest of a library that is linked statically.

#if canImport(FoundationEssentials)
  @_exported public import FoundationEssentials
#else
  @_exported public import Foundation
#endif
#if canImport(Glibc)
  @_exported public import Glibc
#elseif canImport(Musl)
  @_exported public import Musl
#endif

extension Double {
  /// The number as C's `printf` writes it: `printed("%.2f")`.
  ///
  /// - Parameter pattern: One conversion of a double, and what stands around it.
  package func printed(_ pattern: String) -> String {
    withVaList([self]) { arguments in
      // The greatest double has 309 digits before the point.
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
        guard let start = text.baseAddress else { return "" }
        vsnprintf(start, text.count, pattern, arguments)
        return String(cString: start)
      }
    }
  }
}

extension FixedWidthInteger {
  /// All hexadecimal digits of the number.
  package var hexadecimalDigits: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
  }
}

extension Error {
  /// What went wrong, without the circumstances that `description` may tell beside it.
  package var reason: String {
    // Foundation's own texts name its domains and codes; what the system said stands below them.
    if let error = (self as? CocoaError)?.underlying as? POSIXError {
      return String(cString: strerror(error.code.rawValue))
    }
    return (self as? any LocalizedError)?.errorDescription ?? "\(self)"
  }
}
