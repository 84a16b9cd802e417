package import FloatFormats
package import LossFunctions
package import Reference

/// What a sweep goes through all inputs of.
package enum SweepSubject: Hashable, Sendable {
  /// A function of one logit: every logit of a format of at most 32 bits. A gradient is that for a `grad_output` of 1.
  case logits(OneLogitFunction)
  /// The loss of two classes: every ordered pair of logits of a 16-bit format.
  case pairs(PairFunction)
  /// The binary cross-entropy of a probability or of the logarithm of one, or its gradient: every number of a
  /// 16-bit format.
  case probabilities(LossFunction, label: Int, InputKind)

  /// A function with a label where it has a target.
  ///
  /// - Returns: nil where a label is missing, needless or no class, and for other functions.
  package init?(_ function: LossFunction, label: Int?, input: InputKind = .logits) {
    if input != .logits {
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
    }
  }

  /// The label.
  package var label: Int? {
    switch self {
    case .logits(let subject): subject.label
    case .pairs(let subject): subject.label
    case .probabilities(_, let label, _): label
    }
  }

  /// What the numbers are.
  package var input: InputKind {
    guard case .probabilities(_, _, let input) = self else { return .logits }
    return input
  }

  /// What the numbers are, as an option of the function.
  var options: LossOptions {
    var options = LossOptions()
    options.input = input
    return options
  }

  /// The number of logits of an input.
  package var classCount: Int {
    switch self {
    case .logits, .probabilities: 1
    case .pairs: 2
    }
  }

  /// Numbers of which each stands for a kind: first the ordinary ones, whose values are real, and of one sign,
  /// and then those whose values depend on the kind alone.
  var kinds: [Float] {
    switch input {
    case .logits: [1, .infinity, -.infinity, .nan]
    case .probabilities: [0.5, 0, 1, .nan]
    case .logProbabilities: [-1, 0, -.infinity, .nan]
    }
  }

  /// The index of the kind of a number.
  @inline(__always)
  func kind(_ number: Float) -> Int {
    switch input {
    case .logits: number.isNaN ? 3 : number.isFinite ? 0 : number > 0 ? 1 : 2
    case .probabilities: number > 0 && number < 1 ? 0 : number == 0 ? 1 : number == 1 ? 2 : 3
    case .logProbabilities: number == 0 ? 1 : number < 0 ? (number.isFinite ? 0 : 2) : 3
    }
  }

  /// The signs of the values, which are not 0 for ordinary numbers.
  var signs: [Float] {
    switch self {
    case .logits(let subject): [subject.isNegative ? -1 : 1]
    case .pairs(let subject): subject.signs
    case .probabilities(let function, let label, _): [function.isGradient && label == 1 ? -1 : 1]
    }
  }

  /// The test of approximations.
  func roundingTest(_ format: FloatFormat) -> RoundingTest {
    switch self {
    case .logits(let subject): FastTier(subject).roundingTest(format)
    case .pairs: RoundingTest(format, .row)
    // Doubles that are correctly rounded are well within the bound of the kernels' ones.
    case .probabilities: RoundingTest(format)
    }
  }

  /// The numbers of `grad_output` of so many inputs; nil where the function takes none.
  func gradOutputs(_ count: Int, in format: FloatFormat) -> NumberColumn? {
    guard case .logits(let subject) = self, subject.isUnitGradient else { return nil }
    return NumberColumn(format, doubles: Array(repeating: 1, count: count))
  }

  /// Approximate values of ordinary numbers, or the magnitudes of those of pairs with one first logit.
  func approximate(
    _ first: Float, _ logits: UnsafeBufferPointer<Float>,
    into approximations: UnsafeMutableBufferPointer<Double>
  ) throws(ReferenceError) {
    switch self {
    case .logits(let subject): FastTier(subject).approximate(logits, into: approximations)
    case .pairs(let subject): PairTier(subject).approximate(first, logits, into: approximations)
    case .probabilities(let function, let label, _):
      // Any number of a narrower format is one of float32. Values below 2⁻¹⁰²² round to 0 in either.
      let numbers = NumberColumn(.float32, floats: Array(logits))
      let targets = NumberColumn(
        .float32, repeating: FloatValue(Float(label)), count: logits.count)
      let rows = LossRows(classCount: 1, logits: numbers, probabilities: targets)
      let values = try Reference().evaluate(function, rows, options: options, in: .float64).values
      _ = approximations.update(fromContentsOf: values.doubles)
    }
  }

  /// Narrower ends of an enclosure, where there are such.
  func ends(
    _ first: Float, _ last: Float, _ approximation: Double
  ) -> (inner: Double, outer: Double)? {
    guard case .pairs(let subject) = self else { return nil }
    return PairTier(subject).ends(first, last, approximation)
  }

  /// The formats it can be gone through in.
  package var formats: [FloatFormat] {
    switch self {
    case .logits: FastTier.formats
    case .pairs, .probabilities: PairTier.formats
    }
  }

  /// The function, and what it is of where that is not logits.
  package var name: String {
    function.rawValue + (input == .logits ? "" : " of \(input.rawValue)")
  }

  /// The reference's input for as many numbers as there are classes.
  package func input(_ logits: [Float]) -> LossInput {
    switch self {
    case .logits(let subject): FastTier(subject).input(logits[0])
    case .pairs(let subject): PairTier(subject).input(logits[0], logits[1])
    case .probabilities(_, let label, _):
      LossInput(
        logits: [FloatValue(logits[0])], target: .probabilities([FloatValue(Float(label))]))
    }
  }

  /// The exact values from MPFR.
  package func exact(_ logits: [Float], in format: FloatFormat) throws(ReferenceError)
    -> [CertifiedValue]
  {
    try Reference(usesFastTier: false).evaluate(
      function, input(logits), options: options, in: format)
  }
}
