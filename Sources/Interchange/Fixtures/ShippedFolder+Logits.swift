internal import ShippedFixtures

extension ShippedFolder {
  /// What trained models give.
  package static let logits = ShippedFolder("logits", shippedLogits)
}
