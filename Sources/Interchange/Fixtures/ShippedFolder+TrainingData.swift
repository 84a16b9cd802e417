internal import ShippedFixtures

extension ShippedFolder {
  /// What models are trained on.
  package static let trainingData = ShippedFolder("data", shippedData)
}
