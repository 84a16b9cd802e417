internal import Cases
public import FloatFormats
internal import LossFunctions
public import Losses
public import PropertyEngine

/// Which built-in implementation has which property in which format, as far as a trial can tell.
public struct PropertySurvey: Sendable {
  /// One question of the survey.
  public struct Question: Sendable {
    /// The property.
    public let property: Property
    /// The implementation.
    public let implementation: any Implementation
    /// The format.
    public let format: FloatFormat
    /// The implementation that a property of pairs relates it to.
    public let relative: (any Implementation)?

    /// A question.
    public init(
      property: Property, implementation: any Implementation, format: FloatFormat,
      relative: (any Implementation)? = nil
    ) {
      self.property = property
      self.implementation = implementation
      self.format = format
      self.relative = relative
    }

    /// The claim that the property holds, as of outputs within 4 ulp.
    public var claim: PropertyClaim {
      PropertyClaim(
        property, of: subject, computing: implementation.function, in: format,
        gradOutput: implementation.gradOutput, accuracy: .within(ulps: 4))
    }

    private var subject: any Subject {
      let subject = ImplementationSubject(implementation)
      guard let relative else { return subject }
      let isBinary = implementation.function.isBinary
      return CombinedSubject(subject, ImplementationSubject(relative)) { row in
        isBinary ? (row.logits.count == 2 ? row : nil) : row.withHardLabel
      }
    }

    /// Whether a record is of this question.
    public func isAnswered(by record: WitnessRecord) -> Bool {
      record.failure == property.failureKind && record.subject == implementation.name
        && record.function == implementation.function.rawValue && record.format == format.name
    }
  }

  /// The questions: every implementation with every property of its function.
  public static let questions = questionsOfOne + questionsOfTwo

  /// Every implementation without options, with every property of its function.
  private static let questionsOfOne: [Question] = Implementations.all.flatMap { implementation in
    // Weights, smoothing and z-loss have other relations than the plain functions.
    implementation.options(classCount: 2).present.isSubset(of: [.gradOutput])
      ? Properties.all.filter { concerns($0, implementation) }
        .flatMap { property in
          [FloatFormat.float32, .bfloat16].map {
            Question(property: property, implementation: implementation, format: $0)
          }
        } : []
  }

  /// Of the gradients of losses those with a `grad_output` are asked whether they are linear in it, and nothing else.
  private static func concerns(
    _ property: Property, _ implementation: any Implementation
  ) -> Bool {
    let function = implementation.function
    let isOfGradOutput = property.name == Property.linearInGradOutput.name
    return property.functions.contains(function)
      && (!function.mayHaveGradOutput || isOfGradOutput == (implementation.gradOutput == .row))
  }

  /// Binary implementations beside those of the same name for classes, and the smoothed loss beside
  /// the plain one that it is made of.
  private static let questionsOfTwo: [Question] = {
    func named(_ name: String, _ function: LossFunction) -> (any Implementation)? {
      Implementations.all.first { $0.name == name && $0.function == function }
    }
    var pairs: [(Property, any Implementation, any Implementation)] = []
    for (binary, categorical) in [
      (LossFunction.binaryCrossEntropy, LossFunction.crossEntropy),
      (.binaryCrossEntropyGradient, .crossEntropyGradient),
    ] {
      for one in Implementations.all
      where one.function == binary && one.options(classCount: 2).present.isEmpty {
        if let other = named(one.name, categorical) { pairs.append((.twoClass, one, other)) }
      }
    }
    if let smoothed = named("label-smoothing", .crossEntropy),
      let plain = named("log-softmax", .crossEntropy)
    {
      pairs.append((.smoothingBetween, smoothed, plain))
    }
    return pairs.flatMap { property, one, other in
      [FloatFormat.float32, .bfloat16].map {
        Question(property: property, implementation: one, format: $0, relative: other)
      }
    }
  }()

  /// The number of cases of each family, and of the search.
  public var caseCount: Int
  public var searchCount: Int
  /// The seed.
  public var seed: UInt64

  /// A survey.
  public init(caseCount: Int, searchCount: Int, seed: UInt64) {
    self.caseCount = caseCount
    self.searchCount = searchCount
    self.seed = seed
  }

  /// Looks for a case that shows the property violated; nil where none is found.
  public func witness(against question: Question) async throws -> WitnessRecord? {
    let claim = question.claim
    let trial = Trial(
      claim,
      TrialPlan(
        caseCount: caseCount, searchCount: searchCount, seed: seed, shrinkingEffort: 20_000))
    let report = try await trial.run()
    let finding = report.findings.first { $0.failure.kind == question.property.failureKind }
    return finding.map {
      WitnessRecord(
        $0, of: claim.function, subject: question.implementation.name,
        origin: "\($0.stage), seed \(seed)")
    }
  }
}
