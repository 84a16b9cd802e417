public import FloatFormats
public import LossFunctions

/// The case at which an error was observed, bit for bit.
public struct Witness: Hashable, Sendable {
  /// The case's place in its family.
  public let index: Int
  /// The input.
  public let input: LossInput
  /// Which output is the worst.
  public let outputIndex: Int
  /// That output as computed.
  public let computed: FloatValue
  /// That output, correctly rounded.
  public let exact: FloatValue
  /// Its error.
  public let ulps: Double

  /// A case and its error.
  package init(
    index: Int, input: LossInput, outputIndex: Int, computed: FloatValue, exact: FloatValue,
    ulps: Double
  ) {
    self.index = index
    self.input = input
    self.outputIndex = outputIndex
    self.computed = computed
    self.exact = exact
    self.ulps = ulps
  }

  /// Whether the case, or the output of the same case, comes before another's.
  func isBefore(_ other: Witness) -> Bool {
    (index, outputIndex) < (other.index, other.outputIndex)
  }
}
