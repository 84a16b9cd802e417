internal import FloatFormats
internal import LossFunctions

/// How sharply a softplus turns, β, and where it is taken for its asymptote, where βz is a double: see `SharpSoftplus`.
struct ExactSharpness {
  /// β; nil for 1.
  private let beta: Double?
  private let threshold: Double

  /// Whether no other option stands beside these; where there are none, others may.
  static func isAlone(_ options: LossOptions) -> Bool {
    options.beta == nil && options.threshold == nil
      || options.present.isSubset(of: [.beta, .threshold])
  }

  init(_ options: LossOptions) {
    beta = options.beta?.double
    threshold = options.threshold?.double ?? .infinity
  }

  /// β, which the softplus of βz is divided by; nil for 1.
  var divisor: Ball? { beta.map { Ball($0) } }

  /// βz; nil where that is no double, and where β is too great or too small to divide by.
  func times(_ z: Double) -> Double? {
    guard let beta else { return z }
    let product = beta * z
    guard beta >= 0x1p-20, beta <= 0x1p60, (-product).addingProduct(beta, z) == 0,
      product.magnitude > 0x1p-900 || z == 0
    else { return nil }
    return product
  }

  /// Whether βz is above the threshold; a NaN is not.
  func isLinear(_ product: Double) -> Bool { product > threshold }
}
