internal import ArgumentParser

/// How counts are read from the command line: each has a range, so that no sum or product of them
/// overflows and nothing is begun that has no end.
enum Count {
  /// Cases: as many as a month on many machines goes through.
  static let cases = parsing(1...1_000_000_000_000)
  /// Cases that may be none.
  static let optionalCases = parsing(0...1_000_000_000_000)
  /// Classes of a row.
  static let classes = parsing(classRange)
  /// Threads.
  static let threads = parsing(1...1024)

  static let classRange = 1...1 << 20

  private static func parsing(_ range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
    { text in
      guard let count = Int(text), range.contains(count) else {
        throw ValidationError("it must be a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return count
    }
  }
}
