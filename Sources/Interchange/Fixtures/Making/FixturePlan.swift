public import Cases
public import FloatFormats
public import LossFunctions

/// What a file of fixtures is to hold: the same plan gives the same bytes.
public struct FixturePlan: Sendable {
  /// The cases of one family.
  public struct Part: Sendable {
    /// Where the cases come from.
    public let family: Family
    /// How many there are.
    public internal(set) var caseCount: Int
    /// Which of the family's first cases are left out, as the oracle does not decide their values; in order.
    public internal(set) var undecided: [Int] = []
  }

  /// The function.
  public let function: LossFunction
  /// The format of inputs and expected values.
  public let format: FloatFormat
  /// What the numbers of the rows are.
  public var input: InputKind { options.input }
  /// The options of the function.
  public let options: LossOptions
  /// The families, in the order of their cases.
  public internal(set) var parts: [Part]
  /// The number of cases that was asked for, which may be more than the families have.
  let requestedCount: Int
  /// The number of classes of the random categorical cases.
  public let classCount: Int
  /// The seed of the random cases.
  public let seed: UInt64
  /// How the rows stand in tensors, which they fill.
  public internal(set) var layout = RowLayout.classesLast
  /// The axis of the classes in these, and the extents of the others where the classes are first.
  private(set) var classAxis = 1
  var firstRowShape: [Int]?

  /// A plan of `caseCount` cases, shared evenly by those of the families that have any for the
  /// function and format; a family that has fewer gives what it has.
  ///
  /// - Parameter input: What the numbers of the rows are; nil for what the options say.
  /// - Throws: `empty` where none has any.
  public init(
    function: LossFunction, format: FloatFormat, input: InputKind? = nil,
    options: LossOptions = LossOptions(), families: [Family], caseCount: Int, classCount: Int,
    seed: UInt64
  ) throws(FixturePlanError) {
    var options = options
    options.input = input ?? options.input
    let shape = CaseShape(
      function: function, format: format, input: options.input, gradOutput: options.gradOutput,
      classCount: classCount)
    let families = families.filter { $0.suits(shape) }
    var parts: [Part] = []
    for (position, family) in families.enumerated() {
      let isLarger = position < caseCount % families.count
      let share = caseCount / families.count + (isLarger ? 1 : 0)
      let count = min(share, family.caseCount(shape) ?? share)
      if count > 0 { parts.append(Part(family: family, caseCount: count)) }
    }
    guard !parts.isEmpty else { throw .empty(function, format) }
    self.function = function
    self.format = format
    self.options = options
    self.parts = parts
    requestedCount = caseCount
    self.classCount = classCount
    self.seed = seed
  }

  /// The families that go together without a choice of them: the ordinary ones, but for rows with
  /// numbers of classes of their own, and, where the targets stand in one tensor or the options are for
  /// labels alone, for those whose targets are of another kind.
  public static func usualFamilies(
    for function: LossFunction, in format: FloatFormat, options: LossOptions = LossOptions(),
    asTensors: Bool
  ) -> [Family] {
    let shape = CaseShape(
      function: function, format: format, input: options.input, gradOutput: options.gradOutput,
      classCount: 2)
    let isFocal = options.focalGamma != nil || options.focalAlpha != nil
    let hasLabels = (asTensors || isFocal) && function.hasLabels && !function.isBinary
    return Families.random.filter { $0.suits(shape) && !(hasLabels && $0.hasSoftTargets) }
  }

  /// The same cases in tensors of another layout.
  ///
  /// - Parameter inner: How many rows stand side by side; nil for as many as the number of cases allows, up to 8.
  /// - Throws: `unfilled` where they do not fill it.
  public func laidOut(inner: Int?) throws(FixturePlanError) -> FixturePlan {
    var plan = self
    plan.layout = RowLayout(inner: inner ?? 8)
    if inner == nil { plan.layout = plan.layout.fitting(caseCount) }
    guard plan.layout.filled(caseCount) == caseCount else {
      throw .unfilled(caseCount: caseCount, inner: plan.layout.inner ?? 1)
    }
    return plan
  }

  /// The same cases in tensors with the classes first, [classes, rows].
  ///
  /// - Parameter inner: How many rows stand side by side in [classes, outer, inner]; nil for two axes.
  /// - Throws: `unfilled` where they do not fill it.
  public func withClassesFirst(inner: Int?) throws(FixturePlanError) -> FixturePlan {
    guard caseCount.isMultiple(of: max(inner ?? 1, 1)) else {
      throw .unfilled(caseCount: caseCount, inner: inner ?? 1)
    }
    var plan = self
    plan.layout = RowLayout(inner: caseCount)
    plan.classAxis = 0
    plan.firstRowShape = inner.map { [caseCount / max($0, 1), max($0, 1)] } ?? [caseCount]
    return plan
  }

  /// The shape of a tensor of one number for each row.
  var rowShape: [Int] {
    firstRowShape ?? layout.inner.map { [caseCount / $0, $0] } ?? [caseCount]
  }

  /// The shape of a tensor of so many numbers for each row.
  func tensorShape(each: Int) -> [Int] {
    rowShape[..<classAxis] + [each] + rowShape[classAxis...]
  }

  /// The number of cases.
  public var caseCount: Int { parts.reduce(0) { $0 + $1.caseCount } }

  /// What the cases are like.
  var shape: CaseShape {
    CaseShape(
      function: function, format: format, input: input, gradOutput: options.gradOutput,
      classCount: classCount)
  }

  /// The options besides what the numbers are, as a JSON object; nil where there are none.
  var optionText: String? {
    var others = options
    others.input = .logits
    return others == LossOptions() ? nil : others.text
  }

  /// The command that makes these cases.
  var command: String {
    var words = ["loss-oracle generate --function \(function) --format \(format)"]
    if input != .logits { words.append("--input \(input.rawValue)") }
    if let optionText { words.append("--options '\(optionText)'") }
    words += parts.map { "--family \($0.family.name)" }
    words.append("--count \(requestedCount)")
    if !function.isBinary { words.append("--classes \(classCount)") }
    return (words + ["--seed \(seed)"]).joined(separator: " ")
  }
}

extension Family {
  /// Whether the targets of the categorical losses are probabilities.
  fileprivate var hasSoftTargets: Bool { name == Family.softTargets.name }
}

/// Why there is no such file of fixtures.
public enum FixturePlanError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No family has a case for the function and format.
  case empty(LossFunction, FloatFormat)
  /// Safetensors has no type for the format.
  case noTensorType(FloatFormat)
  /// A row does not fit into a tensor with those before it.
  case unlikeOthers(family: String, index: Int, what: String)
  /// The cases leave places of the last block empty.
  case unfilled(caseCount: Int, inner: Int)

  /// What was wrong, and what would do.
  public var description: String {
    switch self {
    case .empty(let function, let format):
      "there is nothing to generate: the families have no cases of \(function) in \(format)"
    case .noTensorType(let format):
      "safetensors files have no type for \(format); write JSON, or one of "
        + FloatFormat.catalogue.map(\.name).joined(separator: ", ")
    case .unlikeOthers(let family, let index, let what):
      "case \(index) of \(family) has \(what) than those before it, and one tensor cannot hold "
        + "both; write JSON, or the family to a file of its own"
    case .unfilled(let caseCount, let inner):
      "\(caseCount) cases do not stand \(inner) side by side; give a number that divides them, or another "
        + "--count"
    }
  }
}
