internal import Checking
internal import LossOracle

extension Explanation {
  /// The classes whose logits are shown.
  private static let shownCount = 8

  /// A row of a linear layer fused with its loss: its exact logits, what float32 makes of them and how far off that
  /// may be, and the exact loss and gradients.
  ///
  /// - Throws: Where the loss is not defined for the row.
  static func layer(
    _ input: LinearInput, row: Int, options: LossOptions, in format: FloatFormat
  ) throws -> Explanation {
    try input.validate(options)
    let width = input.width
    let hidden = Array(input.hidden[row * width..<(row + 1) * width])
    let label = Int(input.labels[row])
    let single = try LinearInput(
      hidden: hidden, weight: input.weight, bias: input.bias, labels: [input.labels[row]],
      width: width, gradOutput: input.gradOutput.map { [$0[row]] })
    let texts = Reference().logitTexts(of: input, row: row, digits: 20)
    let logits = texts.map { Double($0) ?? -.infinity }
    // The label's, then the greatest ones.
    let descending = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
    let shown = Array(
      ((logits.indices.contains(label) ? [label] : []) + descending.filter { $0 != label })
        .prefix(shownCount))
    let exact = shown.map { index in
      Step(
        expression: "x[\(index)]", value: texts[index],
        remark: index == label
          ? "the label's" : index == descending[0] ? "the greatest" : nil)
    }
    let allowance = LinearAllowance(.loss, single, options: options, reduction: .none)
    let errors = shown.map { index -> Step in
      let computed = single.float32Logit(index)
      let error = (Double(computed) - logits[index]).magnitude
      return Step(
        expression: "x[\(index)]", value: "\(computed)",
        remark: logits[index].isFinite ? "off by \(error.threeDigits)" : nil)
    }
    let bound = Step(
      expression: "a bound for each, of what is common",
      value: allowance.logitErrors[0].threeDigits,
      remark: "2·2⁻²⁴·(√d + 4)·‖h‖·max‖w‖")
    let model = LinearModel(options)
    let values = model.row(logits, label: max(label, 0))
    var sums = [
      Step(
        expression: "log Σ e^v", value: "\(values.logSumExp)",
        remark: "v is what stands before the loss of a logit, in doubles")
    ]
    if logits.indices.contains(label) {
      sums.append(
        Step(expression: "v of the label", value: "\(model.value(logits[label]))", remark: nil))
    }
    return Explanation(
      title:
        "\(linearCrossEntropyName) of row \(row) in \(format): \(input.classCount) classes, d = \(width), "
        + (label == options.ignoreIndex ? "ignored" : "label \(label)"),
      sections: [
        Section(title: "Exact logits: sums of d products, none of which is rounded", steps: exact),
        Section(title: "The same, added in float32 one by one", steps: errors + [bound]),
        Section(title: "The sum", steps: sums),
        Section(
          title: "Exactly, correctly rounded",
          steps: try results(single, options, allowance, format)),
        Section(title: "Why the search ends", steps: [ground(options)]),
      ])
  }

  private static func results(
    _ single: LinearInput, _ options: LossOptions, _ allowance: LinearAllowance,
    _ format: FloatFormat
  ) throws -> [Step] {
    var steps: [Step] = []
    for quantity in LinearQuantity.allCases where quantity != .biasGradient || single.bias != nil {
      let exact = try quantity.exact(single, options: options, reduction: .none, in: format)
      if let error = exact.undecided.values.first {
        steps.append(Step(expression: quantity.rawValue, value: "undecided", remark: "\(error)"))
        continue
      }
      let shown = (0..<min(exact.values.count, 4)).map { format.shortestDecimal(exact.values[$0]) }
      let rest = exact.values.count > shown.count ? ", …" : ""
      var remark = quantity == .loss ? exact.values[0].hexadecimal : nil
      if quantity == .loss, format == .float32 {
        let allowed = allowance.ulps(
          at: 0, exact: exact.values[0].double, ulpExponent: Int(exact.ulpExponents[0]))
        remark = "\(remark ?? ""); common is \(allowed.threeDigits) ulp"
      }
      steps.append(
        Step(
          expression: quantity.rawValue, value: shown.joined(separator: ", ") + rest, remark: remark
        ))
    }
    return steps
  }

  private static func ground(_ options: LossOptions) -> Step {
    options.softcap == nil && options.zLoss == nil
      ? Step(
        expression: "Lindemann–Weierstrass", value: "no breakpoint",
        remark: "the logits are rational, so that a loss of two classes or more is transcendental")
      : Step(
        expression: "no theorem", value: "at most 4,096 bits",
        remark: "under a soft cap, and for gradients with a z-loss, nothing rules a breakpoint out")
  }
}

extension LinearInput {
  /// The logit of a class for the first row as float32 adds it up.
  fileprivate func float32Logit(_ index: Int) -> Float {
    var sum: Float = 0
    for k in 0..<width { sum += hidden[k] * weight[index * width + k] }
    return sum + (bias?[index] ?? 0)
  }
}
