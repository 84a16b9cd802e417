internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import Reference

/// How the flags of a case follow from its numbers.
///
/// Where a threshold is not a number of the format, it is a `Double` on its far side. To round a
/// difference keeps its order against every `Double`, so that a flag is never set where its claim is
/// false.
struct FlagRules {
  let function: LossFunction
  let input: InputKind
  let format: FloatFormat

  /// Just above log 2.
  private static let log2 = 0.693_147_180_559_945_4

  func flags(of input: LossInput, values: [CertifiedValue], isExact: [Bool]) -> Set<FixtureFlag> {
    logitFlags(input.logits)
      .union(targetFlags(input))
      .union(zip(values, isExact).flatMap { resultFlags($0, isExact: $1) })
  }

  private func logitFlags(_ logits: [FloatValue]) -> Set<FixtureFlag> {
    var flags: Set<FixtureFlag> = []
    if logits.contains(where: \.isNaN) { flags.insert(.nanLogits) }
    if logits.contains(where: \.isInfinite) { flags.insert(.infiniteLogits) }
    if logits.contains(.zero(isNegative: true)) { flags.insert(.negativeZero) }
    if logits.contains(where: { ResultClass($0, in: format) == .subnormal }) {
      flags.insert(.subnormalLogits)
    }
    // The others are about exponentials of logits.
    guard logits.allSatisfy(\.isFinite), self.input == .logits else { return flags }

    // e^x > 2^(emax + 1), for then it is beyond the greatest number.
    let overflow = Double(format.greatestExponent + 1) * Self.log2
    // e^−x < half the least number.
    let underflow = Double(format.fractionBitCount - format.leastExponent + 1) * Self.log2
    if logits.contains(where: { $0.double.magnitude > overflow }) {
      flags.insert(.exponentialOverflows)
    }
    let isBinary = function.isBinary
    // The other class of a binary function has the logit 0.
    let values = (logits.map(\.double) + (isBinary ? [0] : [])).sorted(by: >)
    guard values.count > 1, let least = values.last else { return flags }
    if values[0] - least > underflow { flags.insert(.exponentialUnderflows) }
    // Σ of the others < 2^−p: half of the gap above 1.
    let othersLog = Double(Int.bitWidth - (values.count - 2).leadingZeroBitCount) * Self.log2
    if values[0] - values[1] > Double(format.precision) * Self.log2 + othersLog {
      flags.insert(.sumRoundsToOne)
    }
    guard !isBinary else { return flags }
    if values[0] == values[1] { flags.insert(.tiedMaximum) }
    let magnitude = min(values[0].magnitude, least.magnitude)
    let haveOneSign = (values[0] < 0) == (least < 0)
    if haveOneSign, magnitude >= 16, values[0] - least <= magnitude / 16 {
      flags.insert(.commonOffset)
    }
    return flags
  }

  private func targetFlags(_ input: LossInput) -> Set<FixtureFlag> {
    var flags: Set<FixtureFlag> = []
    switch input.target {
    case .none, .logits: break
    case .index(let label) where !input.logits.indices.contains(label): break
    case .index(let label):
      let logit = input.logits[label]
      if self.input == .logits, logit == .infinity(isNegative: true) { flags.insert(.maskedTarget) }
      if input.logits.contains(where: { logit.isLess(than: $0) }) {
        flags.insert(.wrongPrediction)
      }
    case .probabilities(let values):
      let isHard = values.allSatisfy { $0.isZero || $0 == .one }
      if !isHard || (!function.isBinary && values.count { $0 == .one } != 1) {
        flags.insert(.softTarget)
      } else if function.isBinary {
        let middle = self.input.middle
        let isWrong =
          values[0].isZero
          ? middle.isLess(than: input.logits[0]) : input.logits[0].isLess(than: middle)
        if isWrong { flags.insert(.wrongPrediction) }
      }
    }
    return flags
  }

  private func resultFlags(_ exact: CertifiedValue, isExact: Bool) -> Set<FixtureFlag> {
    guard let approximation = exact.approximation else {
      return exact.value.isNaN ? [.resultIsNaN] : [.resultIsInfinite]
    }
    guard exact.value.isFinite else { return [.resultOverflows] }
    if exact.value.isZero { return exact.ground == .rational ? [] : [.resultUnderflows] }
    var flags: Set<FixtureFlag> = []
    if isExact { flags.insert(.resultIsExact) }
    if ResultClass(exact.value, in: format) == .subnormal { flags.insert(.resultIsSubnormal) }
    var distance = BigFloat.exactDifference(BigFloat(exact.value), BigFloat(approximation))
    distance.scale(byPowerOfTwo: -exact.ulpExponent, rounding: .nearestEven)
    if distance.double.magnitude > 0.5 - 1.0 / 256 { flags.insert(.nearMidpoint) }
    return flags
  }
}

extension InputKind {
  /// Between the two answers of a binary function; below log(1/2) by less than any format tells.
  fileprivate var middle: FloatValue {
    switch self {
    case .logits: .zero
    case .probabilities: FloatValue(0.5)
    case .logProbabilities: FloatValue(-0.693_147_180_559_945_3)
    }
  }
}
