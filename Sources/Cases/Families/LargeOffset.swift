internal import FloatFormats
internal import LossFunctions

extension Family {
  /// Small differences on top of a large common offset, which changes neither softmax nor loss: 1e4
  /// where the format still resolves an eighth beside it, and else as large a power of ten as it
  /// does; or any whole number as large. What breaks adds the maximum back to the log-sum-exp before
  /// it subtracts the target's logit: of float32's digits one is left.
  public static let largeOffset = Family(
    name: "large-offset", purpose: "small differences on top of a common offset such as 1e4",
    suits: { !$0.function.isBinary }
  ) { draft in
    draft.drawTarget()
    let offset = draft.choices.offset(in: draft.format)
    draft.drawLogits { $0.number(offset + 2 * $0.choices.steppedNormal()) }
  }
}

extension ChoiceSource {
  fileprivate mutating func offset(in format: FloatFormat) -> Double {
    // Beside a number below 2^e the format resolves 2^(e − p), and that is to be 1/8 or less. 2⁴⁰
    // is as much as Double does with room for the differences.
    let exponent = min(format.precision - 3, format.greatestExponent, 40)
    guard exponent > 0 else { return 0 }
    let greatest = Double(UInt64(1) << UInt64(exponent))
    let powers: [Double] = [10000, 1000, 100, 10, 1]
    let usual = powers.first { $0 <= greatest } ?? 1
    let isUsual = choice(below: 2) == 0
    let magnitude = isUsual ? usual : Double(1 + choice(below: UInt64(greatest)))
    return isNegative() ? -magnitude : magnitude
  }
}
