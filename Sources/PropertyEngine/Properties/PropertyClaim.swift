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
  private let context: PropertyContext

  /// A claim about a subject that computes in and for one format.
  public init(
    _ property: Property, of subject: any Subject, computing function: LossFunction,
    in format: FloatFormat, accuracy: OutputAccuracy
  ) {
    self.property = property
    self.subject = subject
    self.function = function
    self.format = format
    context = PropertyContext(function: function, format: format, accuracy: accuracy)
  }

  public var statement: String { property.statement }

  public func judge(_ inputs: [LossInput]) async throws -> [Judgement] {
    let examinations = inputs.map { input in
      input.isFinite ? property.examination(input, context) : nil
    }
    // One request for all: the cases themselves and what they are compared with.
    var requests: [LossInput] = []
    var ranges: [Range<Int>] = []
    for (input, examination) in zip(inputs, examinations) {
      let start = requests.count
      if let examination { requests += [input] + examination.related }
      ranges.append(start..<requests.count)
    }
    let responses = try await subject.responses(to: requests, in: format)
    return zip(examinations, ranges).map { examination, range in
      guard let examination else {
        return Judgement(abstention: "the property says nothing of such rows")
      }
      return judgement(examination, Array(responses[range]))
    }
  }

  private func judgement(_ examination: Examination, _ responses: [Response]) -> Judgement {
    var outputs: [[FloatValue]] = []
    for response in responses {
      switch response {
      case .outputs(let values): outputs.append(values)
      case .unsupported(let reason): return Judgement(abstention: reason)
      case .failed(let failure): return Judgement(failure: failure, badness: .infinity)
      }
    }
    let all = outputs.joined()
    if all.contains(where: \.isNaN) {
      return Judgement(failure: Failure(property.failureKind, "gives NaN"), badness: .infinity)
    }
    // An infinity may be the correct rounding of what is beyond the format.
    guard all.allSatisfy({ $0.isFinite }) else { return Judgement(abstention: "infinite outputs") }
    guard let violation = examination.violation(outputs) else { return Judgement() }
    return Judgement(
      failure: Failure(property.failureKind, violation.message), badness: violation.excess)
  }
}
