public import FloatFormats
internal import LossFunctions

extension Witness {
  /// The case and its outcome in decimal, on one line: `z=-305.8 y=0: 0, exact 1.5586458e-133`.
  ///
  /// Of more than `shownLogitCount` logits the first are shown; the report has them all.
  ///
  /// - Parameter outputFormat: The format of the outputs; nil where it is that of the logits.
  public func line(
    in format: FloatFormat, outputs outputFormat: FloatFormat? = nil, shownLogitCount: Int = 3
  ) -> String {
    let outputFormat = outputFormat ?? format
    let logits = input.logits.prefix(shownLogitCount).map(format.shortestDecimal)
    var text: String
    switch input.target {
    case .probabilities(let values) where input.logits.count == 1:
      text = "z=\(logits[0]) y=\(values.map(format.shortestDecimal).joined(separator: " "))"
    case .none where input.logits.count == 1: text = "z=\(logits[0])"
    default:
      let rest = input.logits.count > shownLogitCount ? ", …" : ""
      text = "x=[\(logits.joined(separator: ", "))\(rest)]"
      if case .index(let label) = input.target { text += " t=\(label)" }
      if outputIndex > 0 { text += " i=\(outputIndex)" }
    }
    return text
      + ": \(outputFormat.shortestDecimal(computed)), exact \(outputFormat.shortestDecimal(exact))"
  }
}
