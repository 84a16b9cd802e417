internal import Cases
public import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import Reference

/// What kind of number an expected value is.
public enum ResultClass: String, CaseIterable, Sendable {
  case zero, subnormal, normal, infinite, nan

  /// The class of a value of a format.
  public init(_ value: FloatValue, in format: FloatFormat) {
    self =
      switch value.kind {
      case .nan: .nan
      case .infinite: .infinite
      case .finite where value.isZero: .zero
      case .finite: value.magnitude.isLess(than: format.leastNormal) ? .subnormal : .normal
      }
  }
}

/// A case with its exact outputs and with what is notable about it.
struct FixtureCase: Sendable {
  let familyName: String
  let index: Int
  let input: LossInput
  let expected: [FloatValue]
  let flags: [FixtureFlag]
  let comment: String

  init(_ family: Family, _ index: Int, of plan: FixturePlan) throws(ReferenceError) {
    familyName = family.name
    self.index = index
    input = family.input(plan.shape, seed: plan.seed, index: index)
    let exact = try Reference().exact(plan.function, input, options: plan.options)
    let values = try exact.rounded(to: plan.format, .nearestEven)
    expected = values.map(\.value)
    // What is rational may be a number of the format: then all directions give that number.
    let isExact: [Bool]
    if values.contains(where: { $0.ground == .rational && !$0.value.isZero }) {
      let above = try exact.rounded(to: plan.format, .up)
      let below = try exact.rounded(to: plan.format, .down)
      isExact = zip(above, below).map { $0.value == $1.value && $0.value.isFinite }
    } else {
      isExact = values.map { _ in false }
    }
    let found = FlagRules(function: plan.function, input: plan.input, format: plan.format)
      .flags(of: input, values: values, isExact: isExact)
    // What is notable about logits is so of those that the loss is of.
    flags = plan.optionText == nil ? FixtureFlag.allCases.filter(found.contains) : []
    comment = Self.comment(on: input, plan)
  }

  /// One line that says what the case is like.
  private static func comment(
    on input: LossInput, _ plan: FixturePlan
  ) -> String {
    let decimal = plan.format.shortestDecimal
    let (noun, plural) = plan.input.words
    if plan.function.isBinary {
      var logit = "\(noun) \(decimal(input.logits[0]))"
      if let number = input.gradOutput.first { logit += ", grad_output \(decimal(number))" }
      guard case .probabilities(let target) = input.target else { return logit }
      return "\(logit), target \(decimal(target[0]))"
    }
    let numbers = input.logits.filter { !$0.isNaN }
    let count = input.logits.count == 1 ? "1 \(noun)" : "\(input.logits.count) \(plural)"
    guard var least = numbers.first else { return "\(count), all NaN" }
    var greatest = least
    for logit in numbers {
      if logit.isLess(than: least) { least = logit }
      if greatest.isLess(than: logit) { greatest = logit }
    }
    var text = "\(count) from \(decimal(least)) to \(decimal(greatest))"
    if numbers.count < input.logits.count { text += ", and NaN" }
    switch input.target {
    case .none where plan.function.gradOutputKind == .partials:
      return text.replacing(plural, with: "maxima").replacing(noun, with: "maximum") + " of shards"
    case .none: return text + Self.comment(onGradOutput: input.gradOutput, decimal)
    case .probabilities: return text + ", a target of probabilities"
    case .index(let label) where !input.logits.indices.contains(label):
      return text + ", the target in another shard"
    case .logits: return text + ", a target of logits"
    case .index(let label):
      let rank = numbers.count { input.logits[label].isLess(than: $0) }
      guard rank > 0 else { return text + ", the target's the greatest" }
      return text + ", \(rank) of them greater than the target's"
    }
  }
}

extension FixtureCase {
  private static func comment(
    onGradOutput numbers: [FloatValue], _ decimal: (FloatValue) -> String
  ) -> String {
    guard let first = numbers.first else { return "" }
    let isSame = numbers.allSatisfy { $0 == first }
    return isSame ? ", grad_output \(decimal(first))" : ", a grad_output of several numbers"
  }
}

extension InputKind {
  /// What one number of a row is called, and several.
  fileprivate var words: (String, String) {
    switch self {
    case .logits: ("logit", "logits")
    case .probabilities: ("probability", "probabilities")
    case .logProbabilities: ("log-probability", "log-probabilities")
    }
  }
}
