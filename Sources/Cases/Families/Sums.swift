internal import LossFunctions

extension Family {
  /// Losses of a third of the greatest number to all of it: their sum overflows the format, and their mean does
  /// not. What breaks sums first and divides then, or sums in the format of the logits.
  public static let overflowingSums = Family(
    name: "overflowing-sums",
    purpose: "losses of a third of the greatest number and more, whose sum overflows",
    suits: { $0.isOfLosses }
  ) { draft in
    let share = 1 - draft.choices.fraction() * 2 / 3
    draft.drawWrongRow(by: share * draft.double(draft.greatest))
  }

  /// One loss in sixteen is some hundred times the others: what is added to it one by one is lost where the
  /// sum has few digits.
  public static let unevenSums = Family(
    name: "uneven-sums", purpose: "losses beside one of some hundred times their size",
    suits: { $0.isOfLosses }
  ) { draft in
    let isLarge = draft.choices.choice(below: 16) == 15
    draft.drawWrongRow(by: isLarge ? 200 : 1 + draft.choices.fraction())
  }
}

extension CaseShape {
  /// Whether its cases are for losses of logits, or for gradients of these.
  fileprivate var isOfLosses: Bool {
    function.isOfLosses && function.hasLabels && input == .logits
  }
}

extension CaseDraft {
  /// Draws a row whose loss is about so much: another class leads the target by it.
  fileprivate mutating func drawWrongRow(by lead: Double) {
    let label = classOrSide()
    target(label: label)
    guard !isBinary else {
      logits.append(number(label == 1 ? -lead : lead))
      return
    }
    drawLogits { draft in
      draft.logits.count == label ? 0 : draft.number(lead)
    }
  }
}
