/// How the numbers of a test's inputs are drawn: what the frameworks call `randn` and `rand`.
public enum Distribution: String, CaseIterable, Codable, Hashable, Sendable {
  /// The standard normal distribution.
  case normal
  /// Evenly over [0, 1).
  case uniform
}

extension Family {
  /// Logits of a distribution, each times `scale` and then with `shift` added; targets as training sets
  /// have them. The same seed draws the same numbers whatever the scale.
  public static func drawn(
    from distribution: Distribution, scale: Double = 1, shift: Double = 0
  ) -> Family {
    let text =
      (distribution == .normal ? "standard normal logits" : "logits evenly spread over [0, 1)")
      + (scale == 1 ? "" : ", times \(scale)") + (shift == 0 ? "" : ", plus \(shift)")
    return Family(name: "drawn-\(distribution.rawValue)", purpose: text) { draft in
      draft.drawTarget()
      draft.drawLogits { draft in
        let number =
          switch distribution {
          case .normal: draft.choices.steppedNormal()
          case .uniform: draft.choices.fraction()
          }
        return draft.number(scale * number + shift)
      }
    }
  }
}
