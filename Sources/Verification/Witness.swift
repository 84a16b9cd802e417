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

  /// Whether the case, or the output of the same case, comes before another's.
  func isBefore(_ other: Witness) -> Bool {
    (index, outputIndex) < (other.index, other.outputIndex)
  }
}
