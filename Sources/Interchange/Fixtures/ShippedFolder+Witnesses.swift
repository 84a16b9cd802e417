internal import ShippedFixtures

extension ShippedFolder {
  /// The rows that have broken implementations.
  package static let witnesses = ShippedFolder("witnesses", shippedWitnesses)
}
