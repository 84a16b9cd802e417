internal import FloatFormats
internal import Interchange
public import LossFunctions

/// A case that refuted a claim, as it is kept in a file: bit for bit, and legible.
///
/// It holds all that it takes to judge the case again: with what is nil as it is by default.
public struct WitnessRecord: Codable, Hashable, Sendable {
  /// The name of the function.
  public var function: String
  /// The name of the format of the numbers.
  public var format: String
  /// That of the outputs, where it is another.
  public var outputFormat: String?
  /// The options, a JSON object, where there are any.
  public var options: String?
  /// How near outputs have to be, where it is not `common`.
  public var claim: Grade?
  /// What becomes of subnormal numbers, where that is said.
  public var subnormals: CheckContract.Subnormals?
  /// What infinite and NaN logits count for, where that is something.
  public var specialValues: CheckContract.SpecialValues?
  /// How many rows stand side by side in logits [outer, classes, inner], where the classes are not last.
  public var inner: Int?
  /// How the losses of `batch` become one, where all of it is asked for as one.
  public var reduction: Reduction?
  /// `["loss", "gradient"]` where one call gives both, of which `function` is judged.
  public var outputs: [String]?
  /// The logits as hexadecimal floats; of many classes a run of one number as `0x0p+0*70000`.
  public var logits: [String]
  /// The same in decimal, for people; not read.
  public var decimals: [String]
  /// The class index, where the target is one.
  public var label: Int?
  /// The probabilities as hexadecimal floats, where the target is a list of them.
  public var probabilities: [String]?
  /// The logits of the target, where it is given so.
  public var targetLogits: [String]?
  /// The numbers of `grad_output`, where the function takes it.
  public var gradOutput: [String]?
  /// How the claim failed.
  public var failure: Failure.Kind
  /// Under what conditions, where it is not the row alone.
  public var reproduction: Reproduction?
  /// All the rows that are asked at once, where it takes others beside this one.
  public var batch: [Row]?
  /// What happened, in a line.
  public var message: String
  /// The largest error in ulps, where it is finite.
  public var ulps: Double?
  /// Whose failure it was, and what found it.
  public var subject: String
  public var origin: String
  /// Whether the claim has held there since.
  public var fixed: Bool?

  /// A row of a batch.
  public struct Row: Codable, Hashable, Sendable {
    public var logits: [String]
    public var label: Int?
    public var probabilities: [String]?
    public var targetLogits: [String]?
    public var gradOutput: [String]?
  }
}

extension WitnessRecord.Row {
  fileprivate init(_ input: LossInput) {
    logits = Runs.texts(input.logits, \.hexadecimal)
    switch input.target {
    case .none: break
    case .index(let index): label = index
    case .probabilities(let values): probabilities = Runs.texts(values, \.hexadecimal)
    case .logits(let values): targetLogits = Runs.texts(values, \.hexadecimal)
    }
    if !input.gradOutput.isEmpty { gradOutput = Runs.texts(input.gradOutput, \.hexadecimal) }
  }

  /// The row.
  fileprivate func input(in format: FloatFormat) throws(WitnessError) -> LossInput {
    var input = LossInput(logits: try Self.values(logits, "logits", format))
    switch (label, probabilities) {
    case (nil, nil): break
    case (let label?, nil): input.target = .index(label)
    case (nil, let probabilities?):
      input.target = .probabilities(try Self.values(probabilities, "probabilities", format))
    case (_?, _?): throw .unreadable("\"label\" stands beside \"probabilities\"")
    }
    if let targetLogits {
      guard input.target == .none else {
        throw .unreadable("\"targetLogits\" stands beside another target")
      }
      input.target = .logits(try Self.values(targetLogits, "targetLogits", format))
    }
    if let gradOutput { input.gradOutput = try Self.values(gradOutput, "gradOutput", format) }
    return input
  }

  private static func values(
    _ texts: [String], _ field: String, _ format: FloatFormat
  ) throws(WitnessError) -> [FloatValue] {
    var values: [FloatValue] = []
    for (place, text) in texts.enumerated() {
      let (number, count) = Runs.parts(text)
      guard let count, count <= Runs.greatestCount - values.count else {
        throw .unreadable(
          "\"\(field)\" at place \(place): \(text.shown) is no number of at most "
            + "\(Runs.greatestCount) times")
      }
      do {
        let value = try format.value(exactLiteral: String(number))
        values += repeatElement(value, count: count)
      } catch {
        throw .unreadable("\"\(field)\" at place \(place): \(error)")
      }
    }
    return values
  }
}

extension WitnessRecord {
  /// The record of a finding.
  ///
  /// - Parameters:
  ///   - contract: What the code had to do, where it was held against exact values.
  ///   - subject: What failed: an implementation's name, a command.
  ///   - origin: How it was found: the family and the seed.
  public init(
    _ finding: Finding, of function: LossFunction, _ contract: CheckContract? = nil,
    subject: String, origin: String
  ) {
    let format = finding.rows.format
    let row = Row(finding.shrunk)
    let ulps = finding.judgement.worst?.ulps
    let rows = (0..<finding.rows.count).map { Row(finding.rows[$0]) }
    self.init(
      function: function.rawValue, format: format.name, logits: row.logits,
      decimals: Runs.texts(finding.shrunk.logits, format.shortestDecimal), label: row.label,
      probabilities: row.probabilities, targetLogits: row.targetLogits,
      gradOutput: row.gradOutput,
      failure: finding.failure.kind,
      reproduction: finding.reproduction == .alone ? nil : finding.reproduction,
      batch: rows.count > 1 ? rows : nil,
      message: finding.failure.message, ulps: ulps.flatMap { $0.isFinite ? $0 : nil },
      subject: subject, origin: origin)
    if let contract { describe(contract) }
  }

  private static let jointOutputs = ["loss", "gradient"]

  /// The record of a batch whose sum or mean, or the gradients of it, are wrong.
  ///
  /// Its single row is the first; of a batch without rows it is one that says what rows there are none of.
  package init(
    _ rows: LossRows, _ contract: CheckContract, kind: Failure.Kind, message: String, ulps: Double?,
    subject: String, origin: String
  ) {
    let first = rows.count > 0 ? rows[0] : rows.shapedRow
    let row = Row(first)
    self.init(
      function: contract.function.rawValue, format: rows.format.name, logits: row.logits,
      decimals: Runs.texts(first.logits, rows.format.shortestDecimal), label: row.label,
      probabilities: row.probabilities, targetLogits: row.targetLogits, failure: kind,
      batch: (0..<rows.count).map { Row(rows[$0]) }, message: message,
      ulps: ulps.flatMap { $0.isFinite ? $0 : nil }, subject: subject, origin: origin)
    describe(contract)
  }

  /// Writes down what the code had to do.
  private mutating func describe(_ contract: CheckContract) {
    if contract.outputFormat != contract.format { outputFormat = contract.outputFormat.name }
    if contract.optionText != "{}" { options = contract.optionText }
    if contract.claim != .common { claim = contract.claim }
    subnormals = contract.subnormals
    if contract.specialValues != .apart { specialValues = contract.specialValues }
    if contract.reduction != .none { reduction = contract.reduction }
    if contract.isJoint { outputs = Self.jointOutputs }
    // Of a file there may be more than a program can be asked for: to show it, fewer do.
    inner = contract.layout.inner.map { min($0, RowLayout.innerRange.upperBound) }
  }

  /// Whether it is a case of the same function and formats, asked in the same way with the same options.
  ///
  /// - Parameter inAnyLayout: Whether the classes may stand elsewhere.
  package func isAbout(_ contract: CheckContract, inAnyLayout: Bool = false) -> Bool {
    guard let own = try? self.contract() else { return false }
    return (own.function, own.format) == (contract.function, contract.format)
      && (own.outputFormat, own.options) == (contract.outputFormat, contract.options)
      && (own.reduction, own.isJoint) == (contract.reduction, contract.isJoint)
      && (inAnyLayout || own.layout == contract.layout)
  }

  /// The case.
  ///
  /// - Throws: `unreadable` where a number is none of the format, the function and the format are
  ///   unknown, or the function is not defined for the case.
  public func input() throws(WitnessError) -> LossInput {
    let row = Row(
      logits: logits, label: label, probabilities: probabilities, targetLogits: targetLogits,
      gradOutput: gradOutput)
    return try input(row, try contract())
  }

  /// The rows that are asked at once; nil where it is the one alone.
  public func batchRows() throws(WitnessError) -> LossRows? {
    let contract = try contract()
    if reduction != nil, batch?.isEmpty == true {
      return LossRows(like: LossRows(try input(), in: contract.format))
    }
    var rows: LossRows?
    for row in batch ?? [] {
      let input = try input(row, contract)
      guard rows?.takes(input) ?? true else {
        throw .unreadable("the rows of its batch differ in shape")
      }
      if rows == nil {
        rows = LossRows(input, in: contract.format)
      } else {
        rows?.append(input)
      }
    }
    return rows
  }

  private func input(
    _ row: Row, _ contract: CheckContract
  ) throws(WitnessError) -> LossInput {
    let input = try row.input(in: contract.format)
    do {
      try contract.function.validate(input, contract.options)
    } catch {
      throw .unreadable(error.description)
    }
    return input
  }

  /// What the code had to do.
  public func contract() throws(WitnessError) -> CheckContract {
    guard let function = LossFunction(rawValue: function) else {
      throw .unreadable("there is no function \(self.function.shown)")
    }
    func named(_ name: String) throws(WitnessError) -> FloatFormat {
      guard let format = FloatFormat(named: name) else {
        throw .unreadable("there is no format \(name.shown)")
      }
      return format
    }
    if let inner, !RowLayout.innerRange.contains(inner) {
      throw .unreadable("\"inner\" is \(inner), not one of \(RowLayout.innerRange)")
    }
    guard claim != .fallsShort else { throw .unreadable(GradeError(.fallsShort).description) }
    do {
      var contract = try CheckContract(
        function, in: named(format), outputFormat: outputFormat.map(named),
        parsing: options ?? "{}", claim: claim ?? .common, subnormals: subnormals,
        specialValues: specialValues ?? .apart)
      contract.layout = RowLayout(inner: inner)
      contract.reduction = reduction ?? Reduction.none
      contract.isJoint = outputs != nil
      let isReducible = reduction == nil || reduction != Reduction.none && function.isOfLosses
      guard isReducible, !contract.hasStrayDenominator,
        outputs == nil || outputs == Self.jointOutputs && function.isOfLosses
      else { throw WitnessError.unreadable("\(function) has no such \"reduction\" or \"outputs\"") }
      return contract
    } catch let error as WitnessError {
      throw error
    } catch {
      throw .unreadable("its options: \(error)")
    }
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

extension LossRows {
  /// A row of zeros as these are, for the first class.
  fileprivate var shapedRow: LossInput {
    let zeros = [FloatValue](repeating: .zero, count: classCount)
    return switch targetKind {
    case .none: LossInput(logits: zeros)
    case .index: LossInput(logits: zeros, target: .index(0))
    case .probabilities:
      LossInput(logits: zeros, target: .probabilities(zeros.indices.map { $0 == 0 ? .one : .zero }))
    case .logits: LossInput(logits: zeros, target: .logits(zeros))
    }
  }
}
