public import FloatFormats
public import Interchange
public import LossFunctions
public import PropertyEngine
public import Reference

/// What is asked of a program that computes a linear layer fused with its loss.
public struct LinearContract: Sendable {
  /// The format of the layer's numbers.
  public var format: FloatFormat
  /// The format of the outputs.
  public var outputFormat: FloatFormat
  public var options: LossOptions
  public var reduction: Reduction
  /// How near the outputs have to be.
  public var claim: Grade

  public init(
    in format: FloatFormat, outputFormat: FloatFormat? = nil, options: LossOptions = LossOptions(),
    reduction: Reduction = .none, claim: Grade = .common
  ) {
    self.format = format
    self.outputFormat = outputFormat ?? format
    self.options = options
    self.reduction = reduction
    self.claim = claim
  }

  /// The exact values of a quantity.
  ///
  /// - Throws: Where the loss is not defined for the layer.
  public func exact(
    _ quantity: LinearQuantity, of input: LinearInput
  ) throws(ReferenceError) -> CertifiedRows {
    try quantity.exact(input, options: options, reduction: reduction, in: outputFormat)
  }

  /// Outputs of a quantity, held against the exact values.
  public func check(
    _ computed: NumberColumn, _ quantity: LinearQuantity, of input: LinearInput,
    against exact: CertifiedRows
  ) -> LinearCheck {
    LinearCheck(
      quantity, of: computed, against: exact, input, options: options, reduction: reduction,
      claim: claim)
  }
}
