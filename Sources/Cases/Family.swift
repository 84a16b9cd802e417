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

  private let suitsShape: @Sendable (CaseShape) -> Bool
  private let count: @Sendable (CaseShape) -> Int?
  let make: @Sendable (inout ChoiceSource, CaseShape, Int) -> LossInput

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
    self.name = name
    self.purpose = purpose
    self.hasSpecialValues = hasSpecialValues
    suitsShape = suits
    self.count = { _ in count }
    self.make = { choices, shape, _ in make(&choices, shape.drawn(&choices)) }
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
    self.name = name
    self.purpose = purpose
    hasSpecialValues = false
    suitsShape = { count($0) > 0 }
    self.count = { count($0) }
    self.make = { _, shape, index in make(shape, index) }
  }

  /// A family whose cases are made from others'.
  init(
    name: String, purpose: String, hasSpecialValues: Bool,
    suits: @escaping @Sendable (CaseShape) -> Bool, count: @escaping @Sendable (CaseShape) -> Int?,
    make: @escaping @Sendable (inout ChoiceSource, CaseShape, Int) -> LossInput
  ) {
    self.name = name
    self.purpose = purpose
    self.hasSpecialValues = hasSpecialValues
    suitsShape = suits
    self.count = count
    self.make = make
  }

  /// Whether there is a point in the family for a shape: whether what it is about exists there.
  public func suits(_ shape: CaseShape) -> Bool { suitsShape(shape) }

  /// How many cases there are for a shape; nil where there is no end to them.
  public func caseCount(_ shape: CaseShape) -> Int? { count(shape) }

  /// The case with an index: the same for the same seed, whatever else is drawn.
  public func input(_ shape: CaseShape, seed: UInt64, index: Int) -> LossInput {
    var choices = ChoiceSource(randomSource(shape, seed: seed, index: index))
    return make(&choices, shape, index)
  }

  /// The random stream of one case.
  func randomSource(_ shape: CaseShape, seed: UInt64, index: Int) -> RandomSource {
    RandomSource(
      seed: seed, path: [shape.function.rawValue, shape.format.name, name], index: index)
  }
}
