import CReferences
import Foundation

/// The peak of this process's resident memory, from where it was last told to restart.
///
/// The peak since the start, which `getrusage` gives, would hide all that fits into what loading the logits
/// took and gave back.
enum PeakMemory {
  /// Gives free memory back, and lets the peak be what is resident now.
  ///
  /// - Returns: That, in KiB; nil where there is no `/proc` that takes such a request.
  static func restart() -> Int? {
    #if canImport(Glibc)
      malloc_trim(0)
      guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return nil }
      guard (try? file.write(contentsOf: Data("5".utf8))) != nil else { return nil }
      return now
    #else
      return nil
    #endif
  }

  /// The peak in KiB.
  static var now: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
      return nil
    }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
  }
}
