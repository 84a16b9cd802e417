package import FloatFormats
package import LossFunctions
package import Reference

/// What a sweep goes through all inputs of.
package enum SweepSubject: Hashable, Sendable {
  /// A function of one logit: every logit of a format of at most 32 bits. A gradient is that for a `grad_output` of 1.
  case logits(OneLogitFunction)
  /// A function of two classes: every ordered pair of logits of a 16-bit format.
  case pairs(PairFunction)
  /// The binary cross-entropy of a probability or of the logarithm of one, or its gradient: every number of a
  /// 16-bit format.
  case probabilities(LossFunction, label: Int, InputKind)
  /// A gradient by one logit: every pair of a `grad_output` and a logit of a 16-bit format.
  case gradOutputs(GradOutputTier)
  /// The binary cross-entropy, or its gradient: every pair of a target from 0 to 1 and a logit of a 16-bit format.
  case targets(TargetTier)

  /// A function with a label where it has a target.
  ///
  /// - Parameter partner: What goes through all its numbers with the logit, where something does.
  /// - Returns: nil where a label is missing, needless or no class, and for other functions.
  package init?(
    _ function: LossFunction, label: Int?, input: InputKind = .logits, partner: SweepPartner? = nil
  ) {
    if let partner {
      guard input == .logits else { return nil }
      switch partner {
      case .gradOutput:
        guard let tier = GradOutputTier(function, label: label) else { return nil }
        self = .gradOutputs(tier)
      case .target:
        guard label == nil, let tier = TargetTier(function) else { return nil }
        self = .targets(tier)
      }
    } else if input != .logits {
      guard function.isBinary, function.inputs.contains(input), let label, 0...1 ~= label else {
        return nil
      }
      self = .probabilities(function, label: label, input)
    } else if let oneLogit = OneLogitFunction(function, label: label)
      ?? OneLogitFunction(function, label: label, isUnitGradient: true)
    {
      self = .logits(oneLogit)
    } else if let pair = PairFunction(function, label: label) {
      self = .pairs(pair)
    } else {
      return nil
    }
  }

  /// The function.
  package var function: LossFunction {
    switch self {
    case .logits(let subject): subject.function
    case .pairs(let subject): subject.function
    case .probabilities(let function, _, _): function
    case .gradOutputs(let tier): tier.function
    case .targets(let tier): tier.function
    }
  }

  /// The label.
  package var label: Int? {
    switch self {
    case .logits(let subject): subject.label
    case .pairs(let subject): subject.label
    case .probabilities(_, let label, _): label
    case .gradOutputs(let tier): tier.label
    case .targets: nil
    }
  }

  /// What goes through all its numbers with the logit.
  package var partner: SweepPartner? {
    switch self {
    case .logits, .pairs, .probabilities: nil
    case .gradOutputs: .gradOutput
    case .targets: .target
    }
  }

  /// What the numbers are.
  package var input: InputKind {
    guard case .probabilities(_, _, let input) = self else { return .logits }
    return input
  }

  /// What the numbers are, as an option of the function, and whether a loss's gradient takes a `grad_output`.
  package var options: LossOptions {
    var options = LossOptions()
    options.input = input
    if partner == .gradOutput, function.gradOutputKind == .none { options.gradOutput = .row }
    return options
  }

  /// The number of logits of an input.
  package var classCount: Int {
    if case .pairs = self { 2 } else { 1 }
  }

  /// The number of numbers of an input, 1 or 2.
  package var numberCount: Int { partner == nil ? classCount : 2 }

  /// How many encodings, from 0 on, the first of two numbers goes through.
  func firstCount(_ format: FloatFormat) -> Int {
    switch self {
    case .logits, .probabilities: 1
    case .pairs, .gradOutputs: 1 << format.bitCount
    case .targets: Int(format.encode(.one) ?? 0) + 1
    }
  }

  /// The index of the kind of the last number: 0 for the ordinary ones, whose values are real. Of the others the values
  /// depend on the kind alone, beside the first of two where that is not infinite.
  @inline(__always)
  func kind(_ number: Float) -> Int {
    switch input {
    case .logits: number.isNaN ? 3 : number.isFinite ? 0 : number > 0 ? 1 : 2
    case .probabilities: number > 0 && number < 1 ? 0 : number == 0 ? 1 : number == 1 ? 2 : 3
    case .logProbabilities: number == 0 ? 1 : number < 0 ? (number.isFinite ? 0 : 2) : 3
    }
  }

  /// The outputs, of which several may share the values of a column.
  var outputs: [PairFunction.Output] {
    if case .pairs(let subject) = self { subject.outputs } else { [.only] }
  }

  /// The test of approximations.
  func roundingTest(_ format: FloatFormat) -> RoundingTest {
    switch self {
    case .logits(let subject): FastTier(subject).roundingTest(format)
    case .pairs(let subject): PairTier(subject).roundingTest(format)
    // Doubles that are correctly rounded are well within the bound of the kernels' ones.
    case .probabilities: RoundingTest(format)
    case .gradOutputs: GradOutputTier.roundingTest(format)
    case .targets(let tier): tier.roundingTest(format)
    }
  }

  /// Rows of a first number with each of many last ones.
  func rows(_ first: Float, _ lasts: [Float], _ format: FloatFormat) -> LossRows {
    func repeated(_ number: Float) -> NumberColumn {
      NumberColumn(format, repeating: FloatValue(number), count: lasts.count)
    }
    func column(_ label: Int?) -> NumberColumn? { label.map { repeated(Float($0)) } }
    switch self {
    case .logits(let subject):
      return LossRows(
        classCount: 1, logits: NumberColumn(format, floats: lasts),
        probabilities: column(subject.label),
        gradOutputs: subject.isUnitGradient ? repeated(1) : nil)
    case .pairs(let subject):
      var logits = [Float](repeating: first, count: 2 * lasts.count)
      for i in lasts.indices { logits[2 * i + 1] = lasts[i] }
      return LossRows(
        classCount: 2, logits: NumberColumn(format, floats: logits),
        labels: subject.label.map { Array(repeating: Int32($0), count: lasts.count) })
    case .probabilities(_, let label, _):
      return LossRows(
        classCount: 1, logits: NumberColumn(format, floats: lasts), probabilities: column(label))
    case .gradOutputs(let tier):
      return LossRows(
        classCount: 1, logits: NumberColumn(format, floats: lasts),
        probabilities: column(tier.label), gradOutputs: repeated(first))
    case .targets:
      return LossRows(
        classCount: 1, logits: NumberColumn(format, floats: lasts), probabilities: repeated(first))
    }
  }

  /// Approximate values of a column, of a finite first number with ordinary last ones; NaN where there is none.
  func approximate(
    _ first: Float, _ lasts: UnsafeBufferPointer<Float>, column: Int,
    into approximations: UnsafeMutableBufferPointer<Double>
  ) throws(ReferenceError) {
    switch self {
    case .logits(let subject): FastTier(subject).approximate(lasts, into: approximations)
    case .pairs(let subject):
      PairTier(subject).approximate(first, lasts, column: column, into: approximations)
    case .probabilities(let function, let label, _):
      // Any number of a narrower format is one of float32. Values below 2⁻¹⁰²² round to 0 in either.
      let numbers = NumberColumn(.float32, floats: Array(lasts))
      let targets = NumberColumn(
        .float32, repeating: FloatValue(Float(label)), count: lasts.count)
      let rows = LossRows(classCount: 1, logits: numbers, probabilities: targets)
      let values = try Reference().evaluate(function, rows, options: options, in: .float64).values
      _ = approximations.update(fromContentsOf: values.doubles)
    case .gradOutputs(let tier): tier.approximate(first, lasts, into: approximations)
    case .targets(let tier): tier.approximate(first, lasts, into: approximations)
    }
  }

  /// Narrower ends of an enclosure, where there are such.
  func ends(
    _ first: Float, _ last: Float, _ approximation: Double, column: Int
  ) -> (inner: Double, outer: Double)? {
    switch self {
    case .logits, .probabilities, .gradOutputs: nil
    case .pairs(let subject):
      PairTier(subject).ends(first, last, approximation, column: column)
    case .targets(let tier): tier.ends(first, last, approximation)
    }
  }

  /// The formats it can be gone through in.
  package var formats: [FloatFormat] {
    if case .logits = self { FastTier.formats } else { PairTier.formats }
  }

  /// The function, and what it is of where that is not logits.
  package var name: String {
    function.rawValue + (input == .logits ? "" : " of \(input.rawValue)")
  }

  /// The reference's input for the numbers, one or two.
  package func input(_ numbers: [Float]) -> LossInput {
    switch self {
    case .logits(let subject): FastTier(subject).input(numbers[0])
    case .pairs(let subject): PairTier(subject).input(numbers[0], numbers[1])
    case .probabilities(_, let label, _):
      LossInput(
        logits: [FloatValue(numbers[0])], target: .probabilities([FloatValue(Float(label))]))
    case .gradOutputs(let tier): tier.input(numbers[0], numbers[1])
    case .targets:
      LossInput(
        logits: [FloatValue(numbers[1])], target: .probabilities([FloatValue(numbers[0])]))
    }
  }

  /// The exact values from MPFR.
  package func exact(_ numbers: [Float], in format: FloatFormat) throws(ReferenceError)
    -> [CertifiedValue]
  {
    try Reference(usesFastTier: false).evaluate(
      function, input(numbers), options: options, in: format)
  }
}

/// What goes through all its numbers with a logit.
package enum SweepPartner: String, Codable, CaseIterable, Hashable, Sendable {
  case gradOutput = "grad_output"
  case target
}
