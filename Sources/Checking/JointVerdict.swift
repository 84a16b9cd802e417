public import PropertyEngine

/// What a loss and a gradient that one call gave say of each other.
///
/// Each is held against its own exact values. A gradient that is right is that of the right loss; one of the two
/// that is wrong alone is inconsistent with the other. Of two that are wrong, the mistakes that they look like tell
/// whether it is one function, though not the one that was asked for.
public struct JointVerdict: Codable, Sendable {
  /// What each comes to.
  public let loss: Verdict
  public let gradient: Verdict
  /// The known mistakes that each looks like.
  public let mistakesOfLoss: [String]
  public let mistakesOfGradient: [String]
  /// Whether the gradient is that of the loss; nil where nothing tells.
  public let isConsistent: Bool?

  /// The verdict on two checks, that of the loss first; nil of other numbers of them.
  public init?(_ results: [CheckResult]) {
    self.init(
      results.map { ($0.report.verdict, $0.diagnoses.map(\.mistake.name)) })
  }

  /// The same of batches.
  public init?(_ results: [BatchCheckResult]) {
    self.init(results.map { ($0.verdict, $0.diagnoses.map(\.mistake.name)) })
  }

  init?(_ parts: [(verdict: Verdict, mistakes: [String])]) {
    guard parts.count == 2 else { return nil }
    (loss, gradient) = (parts[0].verdict, parts[1].verdict)
    (mistakesOfLoss, mistakesOfGradient) = (parts[0].mistakes, parts[1].mistakes)
    switch (loss, gradient) {
    case (.passed, .passed): isConsistent = true
    case (.passed, .fellShort), (.fellShort, .passed): isConsistent = false
    case (.fellShort, .fellShort) where !mistakesOfLoss.isEmpty && !mistakesOfGradient.isEmpty:
      isConsistent = !Set(mistakesOfLoss).isDisjoint(with: mistakesOfGradient)
    default: isConsistent = nil
    }
  }

  /// The verdict in a line.
  public var text: String {
    switch (isConsistent, loss, gradient) {
    case (true?, .passed, _): "the gradient is that of the loss"
    case (true?, _, _):
      "the gradient is that of the loss given, and both are of another loss than was asked for "
        + "(\(mistakesOfLoss.filter(mistakesOfGradient.contains).joined(separator: ", ")))"
    case (false?, .passed, _):
      "inconsistent: the loss is right, and the gradient is not that of it"
        + Self.list(mistakesOfGradient)
    case (false?, _, .passed):
      "inconsistent: the gradient is that of the loss that was asked for, and another loss is given"
        + Self.list(mistakesOfLoss)
    case (false?, _, _):
      "inconsistent: the loss looks like \(mistakesOfLoss.joined(separator: ", ")), the gradient like "
        + mistakesOfGradient.joined(separator: ", ")
    case (nil, .fellShort, .fellShort):
      "both are wrong; whether the gradient is that of the loss given is not known"
    case (nil, _, _): "not all is known of both"
    }
  }

  private static func list(_ mistakes: [String]) -> String {
    mistakes.isEmpty ? "" : " (\(mistakes.joined(separator: ", ")))"
  }
}
