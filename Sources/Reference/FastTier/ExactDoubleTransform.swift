internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// A scale and biases of logits, applied where the products and sums are doubles: always for a scale that is a
/// power of two, and for 16-bit logits mostly.
struct ExactDoubleTransform {
  private let scale: Double
  private let biases: [Double]?

  /// - Returns: nil where the options have neither, or a soft cap.
  init?(_ options: LossOptions) {
    guard options.softcap == nil, options.scale != nil || options.logitBias != nil else {
      return nil
    }
    scale = options.scale?.double ?? 1
    biases = options.logitBias?.map(\.double)
  }

  /// s·x + b of the logit of a class; NaN where it is no double.
  func applied(to logit: Double, of index: Int) -> Double {
    let product = logit * scale
    let rest = (-product).addingProduct(logit, scale)
    // The rest of a product is a double unless it underflows.
    guard rest == 0, product.magnitude > 0x1p-900 || logit == 0 else { return .nan }
    guard let biases else { return product }
    let sum = LOPair.sum(product, biases[index])
    return sum.low == 0 ? sum.high : .nan
  }
}
