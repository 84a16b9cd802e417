package import FloatFormats

/// What the numbers of a row are that a loss is of, and that its gradient is by.
public enum InputKind: String, CaseIterable, Hashable, Sendable {
  /// Logits, of which the loss takes the sigmoid or the softmax itself.
  case logits
  /// Probabilities: of the positive class, or of each class. Nothing divides them by their sum.
  case probabilities
  /// Natural logarithms of probabilities.
  case logProbabilities = "log-probabilities"
}

extension InputKind {
  /// The name of the field that holds the numbers of a row.
  package func fieldName(isBinary: Bool) -> String {
    switch self {
    case .logits: isBinary ? "logit" : "logits"
    case .probabilities: isBinary ? "probability" : "probabilities"
    case .logProbabilities: isBinary ? "log_probability" : "log_probabilities"
    }
  }

  /// Whether a number is a probability, or the logarithm of one: in [0, 1], or not above 0. Any is a logit.
  package func contains(_ number: FloatValue) -> Bool {
    switch self {
    case .logits: true
    case .probabilities:
      !number.isNaN && !number.isLess(than: .zero) && !FloatValue.one.isLess(than: number)
    case .logProbabilities: !number.isNaN && !FloatValue.zero.isLess(than: number)
    }
  }

  /// What formulas call one number, and a row of them.
  package var letters: (one: String, row: String) {
    switch self {
    case .logits: ("z", "x")
    case .probabilities: ("p", "p")
    case .logProbabilities: ("log p", "log p")
    }
  }

  /// The name of the tensor that holds the numbers of rows.
  package var tensorName: String { fieldName(isBinary: false) }
}

extension LossFunction {
  /// What the rows of the function may hold.
  public var inputs: [InputKind] { options.contains(.input) ? InputKind.allCases : [.logits] }
}
