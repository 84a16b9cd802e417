public import Cases
public import FloatFormats
internal import LossFunctions
public import Losses

/// What a verification runs over: implementations × functions × formats × families.
public struct VerificationPlan: Sendable {
  /// The implementations; their functions are the ones that are verified.
  public var implementations: [any Implementation]
  /// The formats.
  public var formats: [FloatFormat]
  /// The families.
  public var families: [Family]
  /// The number of cases of each random family; a finite one has all of its own.
  public var caseCount: Int
  /// The number of classes of the random categorical cases.
  public var classCount: Int
  /// The seed.
  public var seed: UInt64

  /// A plan.
  public init(
    implementations: [any Implementation], formats: [FloatFormat], families: [Family],
    caseCount: Int, classCount: Int, seed: UInt64
  ) {
    self.implementations = implementations
    self.formats = formats
    self.families = families
    self.caseCount = caseCount
    self.classCount = classCount
    self.seed = seed
  }
}

/// One function on one family in one format: the oracle's answers serve all implementations of it.
public struct VerificationCell: Sendable {
  /// What its cases are like.
  public let shape: CaseShape
  /// Where its cases come from.
  public let family: Family
  /// How many there are.
  public let caseCount: Int
  /// The implementations of the function that know the format.
  public let implementations: [any Implementation]
}

extension VerificationPlan {
  /// The cells in the order of the catalogues.
  public var cells: [VerificationCell] {
    LossFunction.allCases.flatMap { function in
      function.inputs.flatMap { input in
        [GradOutputKind.none, .row].flatMap { gradOutput in
          let candidates = implementations.filter {
            $0.function == function && $0.input == input && $0.gradOutput == gradOutput
          }
          return candidates.isEmpty ? [] : cells(of: function, input, gradOutput, candidates)
        }
      }
    }
  }

  private func cells(
    of function: LossFunction, _ input: InputKind, _ gradOutput: GradOutputKind,
    _ candidates: [any Implementation]
  ) -> [VerificationCell] {
    formats.flatMap { format in
      let shape = CaseShape(
        function: function, format: format, input: input, gradOutput: gradOutput,
        classCount: classCount)
      return families.filter { $0.suits(shape) }.map { family in
        VerificationCell(
          shape: shape, family: family, caseCount: family.caseCount(shape) ?? caseCount,
          implementations: candidates)
      }
    }
  }
}
