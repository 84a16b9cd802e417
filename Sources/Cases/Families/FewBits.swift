extension Family {
  /// Powers of two and numbers of up to four significant bits, from an ulp of 1 to 2⁷: sums and
  /// differences of them are exact, and results fall on powers of two, where the ulp changes.
  public static let fewBits = Family(
    name: "few-bits", purpose: "powers of two and numbers of up to four significant bits"
  ) { draft in
    draft.drawTarget()
    draft.drawLogits { $0.shortNumber() }
  }
}
