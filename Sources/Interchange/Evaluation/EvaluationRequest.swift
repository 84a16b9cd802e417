public import FloatFormats
public import LossFunctions

/// What one line of `evaluate`'s input asks for: a row, or a batch of rows and their reduction.
public enum EvaluationRequest: Hashable, Sendable {
  /// One row.
  case row(LossInput, LossOptions)
  /// Several rows.
  case batch([LossInput], Reduction, LossOptions)
}

extension EvaluationRequest {
  /// The request that a line of JSON makes of `function`, its numbers read in `format`.
  public init(
    parsing line: ArraySlice<UInt8>, for function: LossFunction, in format: FloatFormat
  ) throws(EvaluationRequestError) {
    self = try line.withTape { tape throws(EvaluationRequestError) in
      try EvaluationRequest(tape, JSONTape.root, for: function, in: format)
    }
  }

  /// The request that a value on a tape makes of `function`, its numbers read in `format`.
  init(
    _ tape: JSONTape, _ place: Int, for function: LossFunction, in format: FloatFormat
  ) throws(EvaluationRequestError) {
    var reader = RequestReader(function: function, format: format)
    if let (rows, reduction) = try reader.read(tape, place) {
      self = .batch(rows, reduction, reader.options)
    } else {
      self = .row(reader.row, reader.options)
    }
  }
}

extension LossOptions {
  /// The options that a JSON object holds, under the names that `evaluate` knows: a number is taken in
  /// float64, a list of numbers in `format`.
  public init(
    parsing text: String, for function: LossFunction, in format: FloatFormat
  ) throws(EvaluationRequestError) {
    self = try Array(text.utf8)[...].withTape { tape throws(EvaluationRequestError) in
      var reader = RequestReader(function: function, format: format)
      try reader.readOptions(tape)
      return reader.options
    }
  }

  /// The JSON object of these options. Every reader takes it for the same numbers, whether it reads
  /// decimals as float64 or in a narrower format that the numbers are of.
  public var text: String {
    let members = LossOption.allCases.compactMap { option -> String? in
      let text: String? =
        switch option.value {
        case .input(let path):
          self[keyPath: path] == .logits ? nil : JSONValue.quoted(self[keyPath: path].rawValue)
        case .gradOutput(let path):
          self[keyPath: path] == .none ? nil : JSONValue.quoted(self[keyPath: path].rawValue)
        case .integer(let path): self[keyPath: path].map { "\($0)" }
        case .number(let path): self[keyPath: path].map(Self.text)
        case .denominator(let path): self[keyPath: path].map { JSONValue.quoted($0.rawValue) }
        case .list(let path):
          self[keyPath: path].map { "[\($0.map(Self.text).joined(separator: ", "))]" }
        }
      return text.map { "\"\(option.rawValue)\": \($0)" }
    }
    return "{\(members.joined(separator: ", "))}"
  }

  private static func text(_ number: FloatValue) -> String {
    let isWide = !number.isFinite || !FloatFormat.float64.contains(number)
    return isWide
      ? JSONValue.quoted(number.hexadecimal) : FloatFormat.float64.shortestDecimal(number)
  }
}
