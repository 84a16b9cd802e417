public import FloatFormats
public import LossFunctions
internal import Reference
internal import Verification

/// That every output lies within a tolerance of the exact value.
public struct AccuracyClaim: Claim {
  /// The code.
  public let subject: any Subject
  public let function: LossFunction
  public let format: FloatFormat
  /// The format of the outputs, in which errors are measured.
  public let outputFormat: FloatFormat
  /// The options of the function.
  public let options: LossOptions
  /// How far the outputs may be off.
  public let tolerance: Tolerance
  /// What rows with infinite or NaN logits count for.
  public let specialValues: SpecialValues

  /// Whether nothing is said of probabilities of classes that do not sum to 1: p − y and p·Σy − y are
  /// the same gradient for the others.
  public var leavesOutUnnormalisedTargets = false

  /// What rows with infinite or NaN logits count for: frameworks differ there, and none is wrong.
  public enum SpecialValues: String, CaseIterable, Sendable {
    /// Nothing, short of a crash or a hang.
    case apart
    /// As much as any other row.
    case strict
  }

  /// A claim about a subject.
  public init(
    _ subject: any Subject, computes function: LossFunction, in format: FloatFormat,
    outputFormat: FloatFormat? = nil, options: LossOptions = LossOptions(),
    within maximumULPs: Double, specialValues: SpecialValues = .apart
  ) {
    self.init(
      subject, computes: function, in: format, outputFormat: outputFormat, options: options,
      tolerance: .ulps(maximumULPs), specialValues: specialValues)
  }

  /// A claim about a subject, with any tolerance.
  public init(
    _ subject: any Subject, computes function: LossFunction, in format: FloatFormat,
    outputFormat: FloatFormat? = nil, options: LossOptions = LossOptions(), tolerance: Tolerance,
    specialValues: SpecialValues = .apart
  ) {
    self.subject = subject
    self.function = function
    self.format = format
    self.outputFormat = outputFormat ?? format
    self.options = options
    self.tolerance = tolerance
    self.specialValues = specialValues
  }

  public var statement: String { tolerance.statement }

  public func judge(_ inputs: [LossInput]) async throws -> [Judgement] {
    // Shrinking makes rows that the options are not for, with fewer classes than weights: the code is
    // not to be asked for those.
    let valid = inputs.map { (try? function.validate($0, options)) != nil }
    let asked = zip(inputs, valid).filter(\.1).map(\.0)
    // A program computes while the oracle does.
    async let responses = subject.responses(to: asked, in: format)
    let exact = await concurrentMap(asked) { exactOutputs($0) }
    var judgements = ArraySlice(
      try await zip(asked, zip(responses, exact)).map { judgement($0, $1.0, $1.1) })
    return valid.map { isValid in
      isValid ? judgements.popFirst() ?? Judgement() : Judgement(abstention: "not defined there")
    }
  }

  public func confirm(_ input: LossInput) async throws -> Judgement? {
    let answers = try await subject.patientAnswers(to: LossRows(input, in: format))
    return judgement(input, answers[0], exactOutputs(input))
  }

  /// What rows say that have been answered before.
  package func judge(_ inputs: [LossInput], answered responses: [Response]) async -> [Judgement] {
    let rows = Array(zip(inputs, responses))
    return await concurrentMap(rows) { input, response in
      guard (try? function.validate(input, options)) != nil else {
        return Judgement(abstention: "not defined there")
      }
      return judgement(input, response, exactOutputs(input))
    }
  }

  private func exactOutputs(_ input: LossInput) -> Result<[CertifiedValue], ReferenceError> {
    Result { () throws(ReferenceError) in
      try Reference().evaluate(function, input, options: options, in: outputFormat)
    }
  }

  private func judgement(
    _ input: LossInput, _ response: Response, _ exact: Result<[CertifiedValue], ReferenceError>
  ) -> Judgement {
    switch (response, exact) {
    case (.unsupported(let reason), _): Judgement(abstention: reason)
    case (.failed(let failure), _): Judgement(failure: failure, badness: .infinity)
    case (.outputs, .failure(.undecided)):
      // Each has bounds of its own, and one reason for all is what counts.
      Judgement(abstention: "the oracle does not decide the exact value (no theorem settles it)")
    case (.outputs, .failure(let error)): Judgement(abstention: error.description)
    case (.outputs, .success) where leavesOutUnnormalisedTargets && !hasNormalisedTarget(input):
      Judgement(abstention: "probabilities of classes that do not sum to 1")
    case (.outputs(let computed), .success(let exact)): compare(input, computed, exact)
    }
  }

  private func compare(
    _ input: LossInput, _ computed: [FloatValue], _ exact: [CertifiedValue]
  ) -> Judgement {
    guard computed.count == exact.count else {
      let failure = Failure(.outputCount, "\(computed.count) outputs instead of \(exact.count)")
      return Judgement(failure: failure, badness: .infinity)
    }
    let errors = zip(computed, exact).map { $1.error(of: $0) }
    let worst = errors.indices.max { errors[$0].ulps < errors[$1].ulps } ?? 0
    let error = errors.isEmpty ? .none : errors[worst]
    let isSpecial = !input.isFinite
    let comparison = Comparison(computed: computed, exact: exact, worst: (worst, error.ulps))
    var judgement = Judgement(badness: isSpecial ? 0 : error.ulps, comparison: comparison)
    if computed.allSatisfy({ $0 == .infinity }),
      tolerance.allowsInfinity(function, input, in: format)
    {
      return judgement
    }
    guard let failing = failingOutput(input, errors, exact) else { return judgement }
    let isInfinite = errors[failing].ulps.isInfinite
    let kind: Failure.Kind =
      if isSpecial { .specialValue } else if isInfinite {
        .nonFinite
      } else if errors[failing].hasWrongSign {
        .wrongSign
      } else { .inaccurate }
    if isSpecial, specialValues == .apart { return judgement }
    let place = errors.count > 1 ? "output \(failing) is" : "gives"
    judgement.failure = Failure(
      kind,
      "\(place) \(outputFormat.shortestDecimal(computed[failing])), exact "
        + outputFormat.shortestDecimal(exact[failing].value))
    return judgement
  }

  /// Whether the probabilities of the classes sum to 1, as near as their rounding leaves them to it.
  private func hasNormalisedTarget(_ input: LossInput) -> Bool {
    guard !function.isBinary, input.isFinite, case .probabilities(let values) = input.target else {
      return true
    }
    return (values.reduce(0) { $0 + $1.double } - 1).magnitude <= 8 * format.unitRoundoff
  }

  /// The output that is furthest beyond what is allowed; nil where none is.
  private func failingOutput(
    _ input: LossInput, _ errors: [OutputError], _ exact: [CertifiedValue]
  ) -> Int? {
    let least = tolerance.unconditionalULPs
    let suspects = errors.indices.filter { errors[$0].ulps > least || errors[$0].ulps.isInfinite }
    guard !suspects.isEmpty else { return nil }
    let absolute =
      input.isFinite
      ? tolerance.absoluteErrors(function, input, options, in: format) : nil
    let failing = suspects.filter { index in
      guard let absolute, errors[index].ulps.isFinite else { return true }
      let ulp = Double(sign: .plus, exponent: exact[index].ulpExponent, significand: 1)
      return errors[index].ulps * ulp > absolute[index] + least * ulp
    }
    return failing.max { errors[$0].ulps < errors[$1].ulps }
  }
}
