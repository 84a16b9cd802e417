public import FloatFormats
public import LossFunctions

extension Witness {
  /// The case and its outcome in decimal, on one line: `z=-305.8 y=0: 0, exact 1.5586458e-133`.
  ///
  /// Of more than `shownLogitCount` logits the first are shown; the report has them all.
  ///
  /// - Parameters:
  ///   - outputFormat: The format of the outputs; nil where it is that of the logits.
  ///   - kind: What the numbers of the row are.
  public func line(
    in format: FloatFormat, outputs outputFormat: FloatFormat? = nil, of kind: InputKind = .logits,
    shownLogitCount: Int = 3
  ) -> String {
    let outputFormat = outputFormat ?? format
    let logits = input.logits.prefix(shownLogitCount).map(format.shortestDecimal)
    var text: String
    let letters = kind.letters
    switch input.target {
    case .probabilities(let values) where input.logits.count == 1:
      text =
        "\(letters.one)=\(logits[0]) y=\(values.map(format.shortestDecimal).joined(separator: " "))"
    case .none where input.logits.count == 1: text = "z=\(logits[0])"
    default:
      let rest = input.logits.count > shownLogitCount ? ", …" : ""
      text = "\(letters.row)=[\(logits.joined(separator: ", "))\(rest)]"
      if case .index(let label) = input.target { text += " t=\(label)" }
      if case .logits(let values) = input.target {
        let shown = values.prefix(shownLogitCount).map(format.shortestDecimal)
        text += " y=[\(shown.joined(separator: ", "))\(rest)]"
      }
      if outputIndex > 0 { text += " i=\(outputIndex)" }
    }
    let numbers = input.gradOutput.prefix(shownLogitCount).map(format.shortestDecimal)
    if !numbers.isEmpty {
      let rest = input.gradOutput.count > shownLogitCount ? ", …" : ""
      let list = numbers.joined(separator: ", ") + rest
      text += input.gradOutput.count == 1 ? " g=\(list)" : " g=[\(list)]"
    }
    return text
      + ": \(outputFormat.shortestDecimal(computed)), exact \(outputFormat.shortestDecimal(exact))"
  }
}
