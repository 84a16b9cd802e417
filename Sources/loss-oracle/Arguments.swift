public import ArgumentParser
public import LossOracle
package import Sweeps

// How the vocabulary of the library is written on the command line.

extension LossFunction: ExpressibleByArgument {}
extension RoundingDirection: ExpressibleByArgument {}
extension SweepPartner: ExpressibleByArgument {}
extension CheckContract.SpecialValues: ExpressibleByArgument {}
extension CheckContract.Subnormals: ExpressibleByArgument {}

extension Grade: ExpressibleByArgument {
  public init?(argument: String) {
    do { self = try Grade(claim: argument) } catch { return nil }
  }
}

extension FloatFormat: ExpressibleByArgument {
  public init?(argument: String) {
    self.init(named: argument)
  }

  public var defaultValueDescription: String { name }

  static let argumentHelp =
    "\(catalogue.map(\.name).joined(separator: ", ")), or e⟨w⟩m⟨p⟩ for an IEEE-like format of "
    + "w exponent and p stored fraction bits"
}

extension Reduction: ExpressibleByArgument {}

extension Denominator: ExpressibleByArgument {
  public init?(argument: String) { self.init(named: argument) }
}

extension LinearParameter: ExpressibleByArgument {}
extension LinearQuantity: ExpressibleByArgument {}

extension InputKind: ExpressibleByArgument {
  static let argumentHelp = allCases.map(\.rawValue).joined(separator: ", ")
}

extension LossFunction {
  /// Refuses what the rows of the function cannot be.
  func requireInput(_ input: InputKind) throws {
    guard !inputs.contains(input) else { return }
    throw ValidationError("\(self) takes no --input \(input.rawValue): it is a function of logits.")
  }
}
