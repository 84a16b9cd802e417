extension Family {
  /// Logits in every binade from 2⁵ to the format's last, of either sign: e^x overflows, and so may
  /// the difference of two logits.
  public static let hugeMagnitude = Family(
    name: "huge-magnitude", purpose: "logits from 32 to the greatest of the format"
  ) { draft in
    draft.drawTarget()
    draft.drawLogits { $0.hugeNumber() }
  }
}
