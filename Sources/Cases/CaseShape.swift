public import FloatFormats
public import LossFunctions

/// What a case must be like: for which function, in which format, of how many classes.
public struct CaseShape: Hashable, Sendable {
  /// The function that the case is for.
  public let function: LossFunction
  /// The format of its numbers.
  public let format: FloatFormat
  /// What its numbers are: of a family's logits their probabilities are taken, or the logarithms of these.
  public let input: InputKind
  /// What `grad_output` goes with a case.
  public let gradOutputKind: GradOutputKind
  /// The numbers of logits that a case of the categorical functions may have. Where there are
  /// several, the number is the first choice of a case, fewer being simpler. A family that is about
  /// a number of classes goes by its own.
  public let classCounts: ClosedRange<Int>

  /// A shape of cases of just so many classes.
  ///
  /// - Parameter gradOutput: See `LossOptions.gradOutput`.
  public init(
    function: LossFunction, format: FloatFormat, input: InputKind = .logits,
    gradOutput: GradOutputKind = .none, classCount: Int
  ) {
    self.init(
      function: function, format: format, input: input, gradOutput: gradOutput,
      classCounts: classCount...classCount)
  }

  /// A shape of cases with any number of classes of a range, for searching and shrinking.
  public init(
    function: LossFunction, format: FloatFormat, input: InputKind = .logits,
    gradOutput: GradOutputKind = .none, classCounts: ClosedRange<Int>
  ) {
    self.function = function
    self.format = format
    self.input = input
    gradOutputKind = gradOutput == .none ? function.gradOutputKind : .row
    self.classCounts = max(classCounts.lowerBound, 1)...max(classCounts.upperBound, 1)
  }

  /// The number of logits, where the shape leaves no choice of it, and else the greatest: 1 for the
  /// binary functions.
  public var logitCount: Int { function.isBinary ? 1 : classCounts.upperBound }

  /// The number of `grad_output`'s numbers for a case of so many classes.
  func gradOutputCount(classCount: Int) -> Int {
    gradOutputKind == .row ? 1 : function.gradOutputCount(classCount: classCount)
  }
}
