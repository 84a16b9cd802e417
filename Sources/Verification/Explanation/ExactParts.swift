internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import Reference

/// The parts that the formula of a function is made of at a row: what stands before it, probabilities, logarithms,
/// derivatives without what they are multiplied by. Each is a value of the oracle by itself.
struct ExactParts {
  private let function: LossFunction
  private let input: LossInput
  private let options: LossOptions
  /// What changes the logits, without what changes the loss.
  private let before: LossOptions

  init(_ function: LossFunction, _ input: LossInput, _ options: LossOptions) {
    self.function = function
    self.input = input
    self.options = options
    var before = LossOptions()
    (before.scale, before.softcap) = (options.scale, options.softcap)
    (before.logitBias, before.temperature) = (options.logitBias, options.temperature)
    self.before = before
  }

  private var row: LossInput { LossInput(logits: input.logits) }
  private var target: LossInput { LossInput(logits: input.target.numbers ?? []) }

  /// The parts with twenty digits each.
  func steps() throws(ReferenceError) -> [Explanation.Step] {
    guard function.mayHaveGradOutput else { return try parts() }
    return try parts() + classes("g", input.gradOutput)
  }

  private func parts() throws(ReferenceError) -> [Explanation.Step] {
    guard options.input == .logits else { return try partsOfProbabilities() }
    let shaped = try logits()
    switch function {
    case .sigmoid, .logSigmoid, .softplus, .logSumExp, .shardPartials: return shaped
    case .softmax, .logSoftmax: return shaped + [try step("log sum e^z", .logSumExp, row, before)]
    case .binaryCrossEntropy, .binaryCrossEntropyGradient:
      return shaped + [try step("sigmoid(z)", .sigmoid, row, before)]
    case .sigmoidGradient, .logSigmoidGradient, .softplusGradient:
      let derivative = try step(
        "derivative", function, LossInput(logits: input.logits, gradOutput: [.one]), options)
      return try shaped + [derivative] + classes("g", input.gradOutput)
    case .logSumExpGradient, .softmaxGradient:
      return try shaped + classes("p", .softmax, row, before) + classes("g", input.gradOutput)
    case .logSoftmaxGradient:
      return try shaped + classes("p", .softmax, row, before) + classes("g", input.gradOutput)
        + sum("sum g", input.gradOutput)
    case .mergedCrossEntropy: return [try mergedLogarithm()]
    case .entropy: return try shaped + logarithms("p", row)
    case .entropyGradient:
      return try shaped + logarithms("p", row) + [step("entropy", .entropy, row, before)]
    case .klDivergence: return try shaped + logarithms("p", row) + logarithms("q", target)
    case .klDivergenceGradient, .jsDivergence, .jsDivergenceGradient:
      return try shaped + classes("p", .softmax, row, before)
        + classes("q", .softmax, target, before)
    case .crossEntropy, .crossEntropyGradient:
      let own = [try step("log sum e^z", .logSumExp, row, before)]
      let ofClasses = try classes("p", .softmax, row, before)
      guard case .logits = input.target else { return shaped + own + ofClasses }
      return try shaped + own + ofClasses + classes("q", .softmax, target, before)
    }
  }

  /// What becomes of each logit before the function: the log-sum-exp of a single one.
  private func logits() throws(ReferenceError) -> [Explanation.Step] {
    guard before != LossOptions(), function.options.contains(.scale) else { return [] }
    var steps: [Explanation.Step] = []
    for index in input.logits.indices.prefix(Explanation.shownCount) {
      var own = before
      own.logitBias = before.logitBias.flatMap { $0.indices.contains(index) ? [$0[index]] : nil }
      let name = function.isBinary ? "z" : "z_\(index)"
      steps.append(try step(name, .logSumExp, LossInput(logits: [input.logits[index]]), own))
    }
    return steps
  }

  private func logarithms(
    _ name: String, _ row: LossInput
  ) throws(ReferenceError) -> [Explanation.Step] {
    try classes(name, .softmax, row, before) + classes("log \(name)", .logSoftmax, row, before)
  }

  /// log Σ s·e^m, which is the function with a target's logit of 0.
  private func mergedLogarithm() throws(ReferenceError) -> Explanation.Step {
    let count = input.logits.count
    let targets = (0..<count).map { $0 == 0 ? .zero : FloatValue.infinity(isNegative: true) }
    return try step(
      "log sum s e^m", function,
      LossInput(logits: input.logits, gradOutput: input.gradOutput.prefix(count) + targets))
  }

  private func partsOfProbabilities() throws(ReferenceError) -> [Explanation.Step] {
    let kind = LossOptions.of(options.input)
    let letter = options.input == .probabilities ? "log p" : "l"
    guard !function.isBinary else {
      return try [(letter, FloatValue.one), ("log(1 - p)", .zero)].map {
        (name, y) throws(ReferenceError) in
        try step(
          "-\(name)", .binaryCrossEntropy,
          LossInput(logits: input.logits, target: .probabilities([y])), kind)
      }
    }
    var steps: [Explanation.Step] = []
    for index in input.logits.indices.prefix(Explanation.shownCount) {
      let own = LossInput(logits: input.logits, target: .index(index))
      steps.append(try step("-\(letter)_\(index)", .crossEntropy, own, kind))
    }
    return steps
  }

  /// An output for each class.
  private func classes(
    _ name: String, _ part: LossFunction, _ row: LossInput, _ options: LossOptions
  ) throws(ReferenceError) -> [Explanation.Step] {
    let digits = try Reference().exact(part, row, options: options).decimalDigits(20)
    return digits.prefix(Explanation.shownCount).enumerated().map { index, text in
      Explanation.Step(expression: "\(name)_\(index)", value: text, remark: nil)
    }
  }

  /// Numbers that are given.
  private func classes(_ name: String, _ numbers: [FloatValue]) throws(ReferenceError)
    -> [Explanation.Step]
  {
    numbers.prefix(Explanation.shownCount).enumerated().map { index, number in
      Explanation.Step(
        expression: numbers.count == 1 ? name : "\(name)_\(index)",
        value: FloatFormat.float64.shortestDecimal(number), remark: nil)
    }
  }

  private func sum(_ name: String, _ numbers: [FloatValue]) -> [Explanation.Step] {
    guard numbers.allSatisfy(\.isFinite) else { return [] }
    var sum = BigFloat(0)
    for number in numbers { sum = .exactSum(sum, BigFloat(number)) }
    let digits = sum.isZero ? "0" : sum.decimalDigits(count: 20, rounding: .nearestEven)?.text
    return [Explanation.Step(expression: name, value: digits ?? "", remark: nil)]
  }

  private func step(
    _ name: String, _ part: LossFunction, _ row: LossInput,
    _ options: LossOptions = LossOptions()
  ) throws(ReferenceError) -> Explanation.Step {
    let digits = try Reference().exact(part, row, options: options).decimalDigits(20)[0]
    return Explanation.Step(expression: name, value: digits, remark: nil)
  }
}

extension LossOptions {
  /// What the numbers of a row are, and no other option.
  fileprivate static func of(_ input: InputKind) -> LossOptions {
    var options = LossOptions()
    options.input = input
    return options
  }
}
