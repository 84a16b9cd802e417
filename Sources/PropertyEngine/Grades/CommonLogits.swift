internal import LossFunctions
internal import SmallFoundation

/// What stands before a loss, and how far off it may be in units u where each step is rounded, c, s and T among
/// them.
struct CommonLogits {
  /// That of each class; of one where all are alike.
  private let classes: [BeforeTheLoss]
  private let hasBiases: Bool

  init(_ options: LossOptions) {
    let biasCount = options.logitBias?.count ?? 0
    classes = (0..<max(biasCount, 1)).map { BeforeTheLoss(options, of: $0) }
    hasBiases = biasCount > 0
  }

  private subscript(index: Int) -> BeforeTheLoss { hasBiases ? classes[index] : classes[0] }

  var scale: Double { classes[0].scale }
  var temperature: Double { classes[0].temperature }
  private var softcap: Double? { classes[0].softcap }

  /// Whether logits are taken as they are.
  var isIdentity: Bool { scale == 1 && softcap == nil && !hasBiases && temperature == 1 }

  /// What a step on the way may be multiplied with, the rounding of a subnormal one among them: x/c by c, and all by 1/T.
  var stepFactor: Double {
    max(1, softcap ?? 1) * max(1, 1 / temperature) * max(1, scale)
  }

  /// The logit that a class's becomes.
  func value(_ logit: Double, of index: Int = 0) -> Double { self[index].value(logit) }

  /// How far off that may be. An error of the argument of tanh counts for at most as much in tanh.
  func error(_ logit: Double, of index: Int = 0) -> Double {
    let before = self[index]
    let capped = before.capped(scale * logit)
    let value = capped + before.bias
    guard value.isFinite else { return 0 }
    var error = scale == 1 ? 0 : 2 * capped.magnitude
    if softcap != nil { error += (CommonForm.elementary + 6) * capped.magnitude }
    if before.bias != 0 { error += value.magnitude }
    if temperature != 1 { error += value.magnitude }
    // A multiple of 0 is to be 0.
    return min(error / temperature, .greatestFiniteMagnitude)
  }

  /// The derivative of z by the logit, and how far off 1 − tanh² may be.
  func slope(_ logit: Double) -> (value: Double, error: Double) {
    let factor = scale / temperature
    guard let softcap else { return (factor, scale == 1 ? 0 : 2 * factor) }
    let t = tanh(scale * logit / softcap)
    let square = t * t
    return (factor * (1 - square), factor * (2 * (CommonForm.elementary + 4) * square + 4))
  }
}
