internal import FloatFormats
internal import Interchange
public import LossFunctions

/// A case that refuted a claim, as it is kept in a file: bit for bit, and legible.
public struct WitnessRecord: Codable, Hashable, Sendable {
  /// The name of the function.
  public var function: String
  /// The name of the format of the numbers.
  public var format: String
  /// The logits as hexadecimal floats.
  public var logits: [String]
  /// The same in decimal, for people; not read.
  public var decimals: [String]
  /// The class index, where the target is one.
  public var label: Int?
  /// The probabilities as hexadecimal floats, where the target is a list of them.
  public var probabilities: [String]?
  /// How the claim failed.
  public var failure: Failure.Kind
  /// What happened, in a line.
  public var message: String
  /// The largest error in ulps, where it is finite.
  public var ulps: Double?
  /// Whose failure it was, and what found it.
  public var subject: String
  public var origin: String
}

extension WitnessRecord {
  /// The record of a finding.
  ///
  /// - Parameters:
  ///   - subject: What failed: an implementation's name, a command.
  ///   - origin: How it was found: the family and the seed.
  public init(_ finding: Finding, of claim: any Claim, subject: String, origin: String) {
    let input = finding.shrunk
    var label: Int?
    var probabilities: [String]?
    switch input.target {
    case .none: break
    case .index(let index): label = index
    case .probabilities(let values): probabilities = values.map(\.hexadecimal)
    }
    let ulps = finding.judgement.comparison?.worst.ulps
    self.init(
      function: claim.function.rawValue, format: claim.format.name,
      logits: input.logits.map(\.hexadecimal),
      decimals: input.logits.map(claim.format.shortestDecimal), label: label,
      probabilities: probabilities, failure: finding.failure.kind,
      message: finding.failure.message, ulps: ulps.flatMap { $0.isFinite ? $0 : nil },
      subject: subject, origin: origin)
  }

  /// The case.
  ///
  /// - Throws: `unreadable` where a number is none of the format, the function and the format are
  ///   unknown, or the function is not defined for the case.
  public func input() throws(WitnessError) -> LossInput {
    guard let function = LossFunction(rawValue: function) else {
      throw .unreadable("there is no function \(self.function.shown)")
    }
    guard let format = FloatFormat(named: format) else {
      throw .unreadable("there is no format \(self.format.shown)")
    }
    var input = LossInput(logits: try Self.values(logits, "logits", format))
    switch (label, probabilities) {
    case (nil, nil): break
    case (let label?, nil): input.target = .index(label)
    case (nil, let probabilities?):
      input.target = .probabilities(try Self.values(probabilities, "probabilities", format))
    case (_?, _?): throw .unreadable("\"label\" stands beside \"probabilities\"")
    }
    do {
      try function.validate(input, LossOptions())
    } catch {
      throw .unreadable(error.description)
    }
    return input
  }

  private static func values(
    _ texts: [String], _ field: String, _ format: FloatFormat
  ) throws(WitnessError) -> [FloatValue] {
    var values: [FloatValue] = []
    for text in texts {
      do {
        values.append(try format.value(exactLiteral: text))
      } catch {
        throw .unreadable("\"\(field)\" at place \(values.count): \(error)")
      }
    }
    return values
  }
}

/// What is wrong with a file of witnesses.
public enum WitnessError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The contents are not what they should be.
  case unreadable(String)
  /// A file cannot be read or written.
  case inaccessible(path: String, reason: String)
  /// A file is not one of witnesses.
  case notWitnesses(path: String, reason: String)

  /// What was wrong, and where.
  public var description: String {
    switch self {
    case .unreadable(let reason): "a witness cannot be read: \(reason)"
    case .inaccessible(let path, let reason): "\(path.excerpt(1024)): \(reason)"
    case .notWitnesses(let path, let reason):
      "\(path.excerpt(1024)) is not a file of witnesses: \(reason)"
    }
  }
}
