internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

/// What stands before a loss, in doubles: z = (c·tanh(s·x/c) + b)/T, and how far off it may be in units u where
/// each step is rounded, c, s and T among them.
struct CommonLogits {
  let scale: Double
  let softcap: Double?
  let biases: [Double]
  let temperature: Double

  init(_ options: LossOptions) {
    scale = options.scale?.double ?? 1
    softcap = options.softcap?.double
    biases = (options.logitBias ?? []).map(\.double)
    temperature = options.temperature?.double ?? 1
  }

  /// Whether logits are taken as they are.
  var isIdentity: Bool {
    scale == 1 && softcap == nil && biases.isEmpty && temperature == 1
  }

  /// What the rounding of a subnormal step may be multiplied with: x/c by c, and all by 1/T.
  var underflowFactor: Double {
    max(1, softcap ?? 1) * max(1, 1 / temperature) * max(1, scale)
  }

  /// tanh(s·x/c); 0 without a cap.
  private func saturation(_ logit: Double) -> Double {
    softcap.map { tanh(scale * logit / $0) } ?? 0
  }

  /// The logit that a class's becomes.
  func value(_ logit: Double, of index: Int = 0) -> Double {
    let capped = softcap.map { $0 * saturation(logit) } ?? scale * logit
    return (capped + bias(index)) / temperature
  }

  private func bias(_ index: Int) -> Double { biases.isEmpty ? 0 : biases[index] }

  /// How far off that may be. An error of the argument of tanh counts for at most as much in tanh.
  func error(_ logit: Double, of index: Int = 0) -> Double {
    let capped = softcap.map { $0 * saturation(logit) } ?? scale * logit
    let value = capped + bias(index)
    guard value.isFinite else { return 0 }
    var error = scale == 1 ? 0 : 2 * capped.magnitude
    if softcap != nil { error += (CommonForm.elementary + 6) * capped.magnitude }
    if bias(index) != 0 { error += value.magnitude }
    if temperature != 1 { error += value.magnitude }
    return error / temperature
  }

  /// The derivative of z by the logit, and how far off 1 − tanh² may be.
  func slope(_ logit: Double) -> (value: Double, error: Double) {
    let factor = scale / temperature
    guard softcap != nil else { return (factor, scale == 1 ? 0 : 2 * factor) }
    let t = saturation(logit)
    let square = t * t
    return (factor * (1 - square), factor * (2 * (CommonForm.elementary + 4) * square + 4))
  }
}
