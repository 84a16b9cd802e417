/// What is wrong with files of sweeps.
package enum SweepFileError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case unwritable(path: String, reason: String)
  case inUse(path: String)
  case notOne(path: String, reason: String)
  case otherSweep(path: String, differences: [String])
  case incomplete(path: String, done: UInt64, of: UInt64)
  case overlap(path: String, first: UInt64, expected: UInt64)
  case gap(path: String, first: UInt64, expected: UInt64)

  /// What was wrong.
  package var description: String {
    switch self {
    case .inUse(let path): "another sweep keeps its state in \(path) while it runs"
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
    case .notOne(let path, let reason): "\(path) is not the file of a sweep: \(reason)"
    case .otherSweep(let path, let names):
      "\(path) is of another sweep: not the same \(names.joined(separator: ", "))"
    case .incomplete(let path, let done, let count):
      "\(path) is not complete: \(done) of \(count) logits are done; go on with --resume \(path)"
    case .overlap(let path, let first, let expected):
      "\(path) begins at logit \(first), and the file before it ends at \(expected): they overlap"
    case .gap(let path, let first, let expected):
      "\(path) begins at logit \(first), and the file before it ends at \(expected): some are missing"
    }
  }
}
