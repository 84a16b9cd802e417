internal import LossFunctions
internal import SmallFoundation

extension SweepCertificate {
  /// The result in words, a line for each finding.
  package var summary: String {
    let input = input.flatMap { InputKind(rawValue: $0) } ?? .logits
    let kind =
      switch input {
      case .logits:
        switch pairedWith {
        case nil: classes == 2 ? "pairs of \(format) logits" : "\(format) logits"
        case .gradOutput: "pairs of a \(format) grad_output and a logit"
        case .target: "pairs of a \(format) target from 0 to 1 and a logit"
        }
      case .probabilities: "\(format) numbers as probabilities"
      case .logProbabilities: "\(format) numbers as log-probabilities"
      }
    let noun = classes == 2 || pairedWith != nil ? "pairs" : "logits"
    let (ordinary, special) =
      switch input {
      case .logits: ("finite \(noun)", "infinite and NaN \(noun)")
      case .probabilities: ("probabilities between 0 and 1", "0, 1 and no probabilities")
      case .logProbabilities: ("finite logarithms below 0", "0, -inf and no logarithms")
      }
    let logits =
      first == 0 && end == domain
      ? "all \(Self.grouped(domain)) \(kind)"
      : "\(Self.grouped(end - first)) \(kind), encodings \(first) to \(end - 1)"
    let label = target.map { ", target \($0)" } ?? ""
    var lines: [String] = []
    if let worst = tally.worst, let ulps = worst.ulps {
      lines.append(
        "over \(logits), the max error of \(function) \"\(implementation)\"\(label) is "
          + "\(Self.short(ulps)) ulp at \(worst.logit) (\(worst.computed), exact \(worst.exact))")
    }
    let share = 100 * Double(tally.misrounded) / Double(max(1, tally.finiteLogits))
    lines.append(
      "misrounded: \(Self.grouped(tally.misrounded)) of \(Self.grouped(tally.finiteLogits)) "
        + "\(ordinary) (\(Self.short(share)) %); infinite or NaN: \(Self.grouped(tally.nonFinite)); "
        + "wrong signs: \(Self.grouped(tally.wrongSigns))")
    if let first = tally.firstNonFinite {
      lines.append(
        "first infinite or NaN: \(first.computed) at \(first.logit), exact \(first.exact)")
    }
    lines.append(
      "\(special): \(Self.grouped(tally.specialDifferences)) of "
        + "\(Self.grouped(tally.specialLogits)) differ; decided by MPFR: "
        + Self.grouped(tally.decidedByMPFR))
    return lines.joined(separator: "\n") + "\n"
  }

  private static func short(_ number: Double) -> String { number.printed("%.4g") }

  private static func grouped(_ number: UInt64) -> String {
    var digits = String(number)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
  }
}
