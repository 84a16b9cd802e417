public import FloatFormats
public import LossFunctions

/// That a property holds of the outputs of a subject.
public struct PropertyClaim: Claim {
  /// The property.
  public let property: Property
  /// The code.
  public let subject: any Subject
  public let function: LossFunction
  public let format: FloatFormat
  public let gradOutput: GradOutputKind
  private let context: PropertyContext

  /// A claim about a subject that computes in and for one format.
  ///
  /// - Parameter gradOutput: What its options say of `grad_output`.
  public init(
    _ property: Property, of subject: any Subject, computing function: LossFunction,
    in format: FloatFormat, gradOutput: GradOutputKind = .none, accuracy: OutputAccuracy
  ) {
    self.property = property
    self.subject = subject
    self.function = function
    self.format = format
    self.gradOutput = gradOutput
    context = PropertyContext(function: function, format: format, accuracy: accuracy)
  }

  public var statement: String { property.statement }

  public func judge(_ rows: LossRows, patiently: Bool) async throws -> Judgements {
    let examinations = (0..<rows.count).map { row in
      rows.isFinite(row) ? property.examination(rows[row], context) : nil
    }
    // One request for all: the cases themselves and what they are compared with.
    var requests: [LossInput] = []
    var ranges: [Range<Int>] = []
    for (row, examination) in examinations.enumerated() {
      let start = requests.count
      if let examination { requests += [rows[row]] + examination.related }
      ranges.append(start..<requests.count)
    }
    let responses = try await subject.responses(to: requests, in: format)
    var judgements = Judgements(count: rows.count)
    for (row, examination) in examinations.enumerated() {
      if let examination {
        judge(row, examination, responses[ranges[row]], &judgements)
      } else {
        judgements.abstentions[row] = "the property says nothing of such rows"
      }
    }
    return judgements
  }

  private func judge(
    _ row: Int, _ examination: Examination, _ responses: ArraySlice<Response>,
    _ judgements: inout Judgements
  ) {
    var outputs: [[FloatValue]] = []
    for response in responses {
      switch response {
      case .outputs(let values): outputs.append(values)
      case .unsupported(let reason): return judgements.abstentions[row] = reason
      case .failed(let failure): return judgements.fail(row, failure)
      }
    }
    let all = outputs.joined()
    if all.contains(where: \.isNaN) {
      return judgements.fail(row, Failure(property.failureKind, "gives NaN"))
    }
    // An infinity may be the correct rounding of what is beyond the format.
    guard all.allSatisfy({ $0.isFinite }) else {
      return judgements.abstentions[row] = "infinite outputs"
    }
    guard let violation = examination.violation(outputs) else { return }
    judgements.fail(row, Failure(property.failureKind, violation.message))
    judgements.badness[row] = violation.excess
  }
}
