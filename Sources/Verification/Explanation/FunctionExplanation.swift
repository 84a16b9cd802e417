public import FloatFormats
public import LossFunctions
internal import Losses
internal import Multiprecision
internal import Reference

extension Explanation {
  /// Any function at a row: its formula, the exact values of its parts, what each built-in form with the same options
  /// gives, the exact value, and the theorem by which the search for it ends.
  ///
  /// - Throws: Where the function is not defined for the row, or nothing decides its value.
  public static func function(
    _ function: LossFunction, _ input: LossInput, options: LossOptions = LossOptions(),
    in format: FloatFormat
  ) throws(ExplanationError) -> Explanation {
    do {
      let exact = try Reference().exact(function, input, options: options)
      let rounded = try exact.rounded(to: format, .nearestEven)
      let parts = ExactParts(function, input, options)
      let letters = options.input.letters
      let numbers = input.logits.prefix(shownCount).map(format.shortestDecimal)
      let row = numbers.joined(separator: ", ") + (input.logits.count > shownCount ? ", …" : "")
      let place =
        function.isBinary ? "\(letters.one) = \(row)" : "\(letters.row) = [\(row)]"
      let partSteps = try parts.steps()
      return Explanation(
        title: "\(function) of \(place) in \(format)",
        sections: [definition(function, options)]
          + (partSteps.isEmpty ? [] : [Section(title: "Its parts, exactly", steps: partSteps)])
          + forms(of: function, input, options, rounded, in: format)
          + [
            values(try? exact.decimalDigits(20), rounded, in: format),
            Section(title: "Why the search ends", steps: grounds(rounded)),
          ])
    } catch {
      throw .reference(error)
    }
  }

  /// How many outputs and classes are shown.
  static var shownCount: Int { 6 }

  private static func definition(_ function: LossFunction, _ options: LossOptions) -> Section {
    func isOfBoth(_ option: LossOption) -> Bool {
      function.comparesLogits && LossOption.beforeTheLoss.contains(option)
    }
    let formula = function.formula(of: options.input) ?? function.formula
    return Section(
      title: "The function",
      steps: [Step(expression: "value", value: formula, remark: nil)]
        + LossOption.allCases.filter(options.present.contains).map { option in
          Step(
            expression: option.rawValue, value: options.text(of: option),
            remark: option.effect + (isOfBoth(option) ? ", of both rows" : ""))
        })
  }

  /// A section for each form that computes with just these options.
  private static func forms(
    of function: LossFunction, _ input: LossInput, _ options: LossOptions,
    _ exact: [CertifiedValue], in format: FloatFormat
  ) -> [Section] {
    var sections: [Section] = []
    for form in Implementations.all
    where form.function == function && form.options(classCount: input.logits.count) == options {
      guard let outputs = form.evaluate(input, in: format), outputs.count == exact.count else {
        continue
      }
      let bounds = form.errorBounds(input, in: format)
      let steps = exact.indices.prefix(shownCount).map { index in
        let allowed = bounds.map { $0[index] }.flatMap { $0.isFinite ? $0 : nil }
        let ulps = allowed?.scaled(byPowerOfTwo: -exact[index].ulpExponent).rounded(toDigits: 3)
        return Step(
          expression: name(index, of: function), value: format.shortestDecimal(outputs[index]),
          remark: exact[index].verdict(on: outputs[index])
            + (ulps.map { "; rounding allows \($0) ulp" } ?? ""))
      }
      sections.append(Section(title: "\(form.name): \(form.formula)", steps: steps))
    }
    guard sections.isEmpty else { return sections }
    let remark = "loss-oracle list --function \(function) shows those there are"
    return [
      Section(
        title: "The forms",
        steps: [
          Step(
            expression: "built in", value: "none with these options in \(format)", remark: remark)
        ])
    ]
  }

  private static func values(
    _ digits: [String]?, _ rounded: [CertifiedValue], in format: FloatFormat
  ) -> Section {
    let outputs = rounded.indices.prefix(shownCount).flatMap { index in
      [
        // What is too small for MPFR's own range has no digits to show.
        Step(
          expression: rounded.count == 1 ? "value" : "output \(index)",
          value: digits?[index] ?? "below 2^-4611686018427387903", remark: nil),
        Step(
          expression: "  in \(format)", value: format.shortestDecimal(rounded[index].value),
          remark: rounded[index].value.hexadecimal),
      ]
    }
    return Section(title: "Exactly, to 20 digits and correctly rounded", steps: outputs)
  }

  /// The grounds of the outputs, each once, and in how many bits they decided.
  private static func grounds(_ rounded: [CertifiedValue]) -> [Step] {
    var steps: [Step] = []
    for ground in [Ground.lindemannWeierstrass, .rational, .limit, .unsettled] {
      let places = rounded.indices.filter { rounded[$0].ground == ground }
      guard let bits = places.map({ rounded[$0].workingPrecision }).max() else { continue }
      let outputs =
        places.count == rounded.count
        ? "" : " (\(places.count) of \(rounded.count) outputs)"
      steps.append(
        Step(
          expression: ground.rawValue,
          value: (bits > 0 ? "decided in \(bits) bits" : "decided without digits") + outputs,
          remark: ground.reason))
    }
    return steps
  }

  private static func name(_ index: Int, of function: LossFunction) -> String {
    if function == .shardPartials { return ["maximum", "sum", "target's logit"][index] }
    return function.hasOutputPerClass ? "output \(index)" : "value"
  }
}

extension CertifiedValue {
  /// How far an output is from the exact value, in words.
  func verdict(on output: FloatValue) -> String {
    let error = error(of: output)
    if !error.isMisrounded { return "correctly rounded" }
    if error.isNonFinite { return "wrong: the exact value is finite" }
    return "off by \(error.ulps.rounded(toDigits: 3)) ulp"
  }
}

extension Ground {
  fileprivate var reason: String {
    switch self {
    case .lindemannWeierstrass:
      "by the theorem of Lindemann and Weierstrass it is no number of any format, nor a midpoint of two"
    case .rational: "it is rational, and compared with the numbers around it exactly"
    case .limit: "it is a limit of the formula, or a convention"
    case .unsettled: "no theorem says that the search ends: it would be given up at 4096 bits"
    }
  }
}

extension LossOptions {
  /// The value of an option in decimal.
  fileprivate func text(of option: LossOption) -> String {
    func text(_ number: FloatValue) -> String { FloatFormat.float64.shortestDecimal(number) }
    return switch option.value {
    case .input(let path): self[keyPath: path].rawValue
    case .gradOutput(let path): self[keyPath: path].rawValue
    case .integer(let path): self[keyPath: path].map { "\($0)" } ?? ""
    case .number(let path): self[keyPath: path].map(text) ?? ""
    case .denominator(let path): self[keyPath: path]?.rawValue ?? ""
    case .list(let path):
      (self[keyPath: path] ?? []).prefix(Explanation.shownCount).map(text).joined(separator: ", ")
        + ((self[keyPath: path]?.count ?? 0) > Explanation.shownCount ? ", …" : "")
    }
  }
}

extension LossOption {
  /// What it changes.
  fileprivate var effect: String {
    switch self {
    case .input: "what the numbers of the row are, and what the gradient is by"
    case .gradOutput: "the gradient times g"
    case .classWeights: "each class's part of the loss times its weight"
    case .positiveWeight: "the part of the positive class times this"
    case .labelSmoothing: "this share of the target spread over all classes"
    case .ignoreIndex: "rows of this label are 0"
    case .scale: "x s before all else"
    case .softcap: "then c tanh(x / c)"
    case .logitBias: "then added to the logits"
    case .temperature: "what the logits are divided by, last"
    case .zLoss: "this times the square of the log-sum-exp is added"
    case .focalGamma: "the loss times (1 - p_t)^gamma"
    case .focalAlpha: "the loss times alpha"
    case .beta: "log(1 + e^(beta z)) / beta"
    case .threshold: "the asymptote where beta z is above it"
    case .denominator: "what a mean over rows divides by"
    }
  }
}
