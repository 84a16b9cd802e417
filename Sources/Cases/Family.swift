internal import FloatFormats
public import LossFunctions

/// A named generator of cases.
///
/// A case of a random family is a function of a sequence of integer choices, and smaller choices
/// make a simpler case, so that a witness shrinks as its choices do: 0 stands for a short number,
/// the sign + and the first class. The number of classes is chosen first, then the target, then the
/// logits one by one, so that what is cut off at the end are logits.
public struct Family: Sendable {
  /// The name on the command line.
  public let name: String
  /// What the family is meant to break.
  public let purpose: String
  /// Whether its cases hold infinite or NaN logits. These are conventions rather than errors of
  /// rounding, and are judged apart.
  public let hasSpecialValues: Bool
  /// The most classes that its rows have, where it goes by numbers of its own; nil where it goes by
  /// those of the shape.
  public let greatestClassCount: Int?
  /// How many cases there are for each thousand of others, where that is not as many.
  private let countPerThousand: Int?

  private let suitsShape: @Sendable (CaseShape) -> Bool
  private let count: @Sendable (CaseShape) -> Int?
  let draw: @Sendable (inout CaseDraft, Int) -> Void

  /// A family of random cases.
  ///
  /// - Parameters:
  ///   - suits: Whether there is a point in the family for a shape. It makes valid cases of every.
  ///   - count: How many cases a run is to have, where each is costly; nil where there is no end.
  ///   - make: Draws one case. Its numbers must be numbers of the shape's format, and their number
  ///     `logitCount`, or what the family is about.
  public init(
    name: String, purpose: String, hasSpecialValues: Bool = false,
    suits: @escaping @Sendable (CaseShape) -> Bool = { _ in true }, count: Int? = nil,
    make: @escaping @Sendable (inout ChoiceSource, CaseShape) -> LossInput
  ) {
    self.init(
      name: name, purpose: purpose, hasSpecialValues: hasSpecialValues, suits: suits, count: count,
      draw: { draft in
        let shape = CaseShape(
          function: draft.shape.function, format: draft.format, input: draft.shape.input,
          gradOutput: draft.shape.gradOutputKind, classCount: draft.logitCount)
        draft.take(make(&draft.choices, shape))
      })
  }

  /// A family of random cases, drawn number by number.
  init(
    name: String, purpose: String, hasSpecialValues: Bool = false,
    suits: @escaping @Sendable (CaseShape) -> Bool = { _ in true }, count: Int? = nil,
    draw: @escaping @Sendable (inout CaseDraft) -> Void
  ) {
    self.init(
      name: name, purpose: purpose, hasSpecialValues: hasSpecialValues, suits: suits,
      count: { _ in count }
    ) { draft, _ in
      draft.chooseLogitCount()
      draw(&draft)
    }
  }

  /// A family of given cases, to be rounded to the format.
  public init(
    name: String, purpose: String, suits: @escaping @Sendable (LossFunction) -> Bool,
    count: Int, make: @escaping @Sendable (CaseShape, Int) -> LossInput
  ) {
    self.init(
      name: name, purpose: purpose, countingCases: { suits($0.function) ? count : 0 }, make: make)
  }

  /// A family of enumerated cases; it suits the shapes that it has cases for.
  public init(
    name: String, purpose: String, countingCases count: @escaping @Sendable (CaseShape) -> Int,
    make: @escaping @Sendable (CaseShape, Int) -> LossInput
  ) {
    self.init(name: name, purpose: purpose, suits: { count($0) > 0 }, count: { count($0) }) {
      $0.take(make($0.shape, $1))
    }
  }

  /// A family of rows with numbers of classes of its own, each of its number by the index.
  ///
  /// - Parameter count: How many rows a run is to have; they are costly.
  init(
    name: String, purpose: String, hasSpecialValues: Bool = false, classCounts: [Int], count: Int,
    draw: @escaping @Sendable (inout CaseDraft, Int) -> Void
  ) {
    self.init(
      name: name, purpose: purpose, hasSpecialValues: hasSpecialValues,
      greatestClassCount: classCounts.max(), suits: { !$0.function.isBinary },
      countPerThousand: count
    ) { draft, index in
      draft.logitCount = draft.isBinary ? 1 : classCounts[index % classCounts.count]
      draw(&draft, index / classCounts.count)
    }
  }

  /// A family of cases that are drawn from choices and their index.
  ///
  /// - Parameters:
  ///   - countPerThousand: How many cases a run is to have for each thousand of other families.
  ///   - count: How many cases there are; where it is left out, as many as for each thousand.
  init(
    name: String, purpose: String, hasSpecialValues: Bool = false, greatestClassCount: Int? = nil,
    suits: @escaping @Sendable (CaseShape) -> Bool, countPerThousand: Int? = nil,
    count: (@Sendable (CaseShape) -> Int?)? = nil,
    draw: @escaping @Sendable (inout CaseDraft, Int) -> Void
  ) {
    self.name = name
    self.purpose = purpose
    self.hasSpecialValues = hasSpecialValues
    self.greatestClassCount = greatestClassCount
    suitsShape = suits
    self.countPerThousand = countPerThousand
    self.count = count ?? { _ in countPerThousand }
    self.draw = draw
  }

  /// Whether there is a point in the family for a shape: whether what it is about exists there.
  public func suits(_ shape: CaseShape) -> Bool { suitsShape(shape) }

  /// How many cases there are for a shape; nil where there is no end to them.
  public func caseCount(_ shape: CaseShape) -> Int? { count(shape) }

  /// How many cases a trial has that is to have so many of each family. Of those with a number for each
  /// thousand there are up to ten times that.
  public func caseCount(_ shape: CaseShape, planned: Int) -> Int {
    guard let countPerThousand else { return min(count(shape) ?? planned, planned) }
    return planned == 0 ? 0 : max(1, countPerThousand * min(planned, 10_000) / 1000)
  }

  /// The family with the label of one row in four replaced by one that is to be ignored.
  public func ignoring(_ label: Int) -> Family {
    Family(
      name: name, purpose: purpose, hasSpecialValues: hasSpecialValues,
      greatestClassCount: greatestClassCount, suits: suits, countPerThousand: countPerThousand,
      count: caseCount
    ) { draft, index in
      // Its logits are not what is drawn last.
      draft.mayAwaitLogits = false
      draw(&draft, index)
      if draft.targetKind == .index, draft.choices.oneIn(4) { draft.target(label: label) }
    }
  }
}
