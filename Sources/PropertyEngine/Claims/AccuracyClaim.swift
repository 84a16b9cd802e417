public import FloatFormats
public import LossFunctions

/// That every output is as near to the exact value as a grade has it.
public struct AccuracyClaim: Claim {
  /// The code.
  public let subject: any Subject
  /// What it has to do.
  public let contract: CheckContract

  /// A claim about a subject.
  public init(_ subject: any Subject, _ contract: CheckContract) {
    self.subject = subject
    self.contract = contract
  }

  /// A claim about a subject, in ulps.
  public init(
    _ subject: any Subject, computes function: LossFunction, in format: FloatFormat,
    options: LossOptions = LossOptions(), within maximumULPs: Double
  ) {
    self.init(
      subject,
      CheckContract(function, in: format, options: options, claim: .ulps(maximumULPs)))
  }

  public var function: LossFunction { contract.function }
  public var format: FloatFormat { contract.format }
  public var input: InputKind { contract.options.input }
  public var gradOutput: GradOutputKind { contract.options.gradOutput }
  public var statement: String { contract.claim.rawValue }

  public func judge(_ rows: LossRows, patiently: Bool) async throws -> Judgements {
    guard isDefined(at: rows) else {
      let valid = definedPlaces(in: rows)
      guard !valid.isEmpty else { return judgements(of: rows) }
      let some = try await judge(rows.selecting(valid), patiently: patiently)
      return judgements(of: rows, some, at: valid)
    }
    // A program computes while the oracle does.
    async let answers = patiently ? subject.patientAnswers(to: rows) : subject.answers(to: rows)
    let exact = await contract.exactValues(of: rows)
    return contract.judgements(of: rows, try await answers, exact, ranking: true)
  }

  public func question(about rows: LossRows, ranking: Bool) async -> Question {
    guard isDefined(at: rows) else { return await question(aboutValidOf: rows) }
    let exact = await contract.exactValues(of: rows)
    return Question {
      await subject.asking(rows).map { answers in
        { contract.judgements(of: rows, answers, exact, ranking: ranking) }
      }
    }
  }

  /// A question about those rows at which the function is defined.
  private func question(aboutValidOf rows: LossRows) async -> Question {
    let valid = definedPlaces(in: rows)
    guard !valid.isEmpty else { return Question { Pending { { judgements(of: rows) } } } }
    let question = await question(about: rows.selecting(valid), ranking: true)
    return Question {
      await question.ask().map { judging in { judgements(of: rows, judging(), at: valid) } }
    }
  }

  /// The places of the rows at which the function is defined.
  private func definedPlaces(in rows: LossRows) -> [Int] {
    (0..<rows.count).filter { contract.isDefined(at: rows[$0]) }
  }

  /// The judgements of rows of which some, at these places, have been judged, and the others cannot be.
  private func judgements(
    of rows: LossRows, _ some: Judgements = Judgements(count: 0), at places: [Int] = []
  ) -> Judgements {
    var judgements = Judgements(count: rows.count, abstaining: "not defined there")
    for (position, row) in places.enumerated() { judgements.take(some, position, for: row) }
    return judgements
  }

  /// Whether the function is defined at all of some rows. Shrinking makes rows that the options are not for, with fewer
  /// classes than weights: the code is not to be asked for those.
  private func isDefined(at rows: LossRows) -> Bool {
    contract.options.input == .logits
      ? (try? function.validate(rows, contract.options)) != nil
      : (0..<rows.count).allSatisfy { contract.isDefined(at: rows[$0]) }
  }
}
