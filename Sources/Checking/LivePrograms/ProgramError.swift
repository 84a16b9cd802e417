/// Why nothing can be asked of a program.
public enum ProgramError: Error, Hashable, Sendable, CustomStringConvertible {
  /// It is not there, or may not be run.
  case cannotStart(command: String, reason: String)
  /// It starts, and never answers a first request.
  case answersNothing(command: String, reason: String)

  /// What was wrong, and with which program.
  public var description: String {
    switch self {
    case .cannotStart(let command, let reason): "cannot start `\(command)`: \(reason)"
    case .answersNothing(let command, let reason):
      "`\(command)` does not answer a first request: \(reason)"
    }
  }
}
