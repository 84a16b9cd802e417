/// A correctly rounded number, and what certifies it.
public struct Certified<Number: LossScalar>: Sendable {
  /// The exact value, correctly rounded.
  public let value: Number
  /// How that is known, and how far the exact value is from it.
  public let certificate: CertifiedValue

  init(_ certificate: CertifiedValue) {
    value = Number(certificate.value)
    self.certificate = certificate
  }
}

// Exact values of a program's own numbers: `try Reference().crossEntropy([50, 0], label: 0).value`.
// Each is correctly rounded to the type of the logits, to nearest unless it is said otherwise.

extension Reference {
  /// log Σ e^x of a row.
  public func logSumExp<Number: LossScalar>(
    _ logits: [Number], rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> Certified<Number> {
    try certified(.logSumExp, logits, .none, LossOptions(), direction)[0]
  }

  /// e^x / Σ e^x for each class.
  public func softmax<Number: LossScalar>(
    _ logits: [Number], options: LossOptions = LossOptions(),
    rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> [Certified<Number>] {
    try certified(.softmax, logits, .none, options, direction)
  }

  /// x − log Σ e^x for each class.
  public func logSoftmax<Number: LossScalar>(
    _ logits: [Number], options: LossOptions = LossOptions(),
    rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> [Certified<Number>] {
    try certified(.logSoftmax, logits, .none, options, direction)
  }

  /// −log softmax(x)ₜ of a row and the index t of the true class.
  public func crossEntropy<Number: LossScalar>(
    _ logits: [Number], label: Int, options: LossOptions = LossOptions(),
    rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> Certified<Number> {
    try certified(.crossEntropy, logits, .index(label), options, direction)[0]
  }

  /// −log softmax(x)ₜ of a row of doubles, those that literals make among them.
  public func crossEntropy(
    _ logits: [Double], label: Int, options: LossOptions = LossOptions(),
    rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> Certified<Double> {
    try certified(.crossEntropy, logits, .index(label), options, direction)[0]
  }

  /// Σ y·(−log softmax(x)) of a row and a probability for each class.
  public func crossEntropy<Number: LossScalar>(
    _ logits: [Number], probabilities: [Number], options: LossOptions = LossOptions(),
    rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> Certified<Number> {
    let target = Target.probabilities(probabilities.map(\.floatValue))
    return try certified(.crossEntropy, logits, target, options, direction)[0]
  }

  /// The derivative of the cross-entropy by each logit.
  public func crossEntropyGradient<Number: LossScalar>(
    _ logits: [Number], label: Int, options: LossOptions = LossOptions(),
    rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> [Certified<Number>] {
    try certified(.crossEntropyGradient, logits, .index(label), options, direction)
  }

  /// −y·log σ(z) − (1 − y)·log(1 − σ(z)) of a logit z and a target y in [0, 1].
  public func binaryCrossEntropy<Number: LossScalar>(
    _ logit: Number, target: Number, options: LossOptions = LossOptions(),
    rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> Certified<Number> {
    let target = Target.probabilities([target.floatValue])
    return try certified(.binaryCrossEntropy, [logit], target, options, direction)[0]
  }

  /// The derivative of the binary cross-entropy by the logit.
  public func binaryCrossEntropyGradient<Number: LossScalar>(
    _ logit: Number, target: Number, options: LossOptions = LossOptions(),
    rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> Certified<Number> {
    let target = Target.probabilities([target.floatValue])
    return try certified(.binaryCrossEntropyGradient, [logit], target, options, direction)[0]
  }

  /// A function of one logit: the sigmoid, its logarithm or the softplus.
  public func value<Number: LossScalar>(
    of function: LossFunction, at logit: Number,
    rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> Certified<Number> {
    try certified(function, [logit], .none, LossOptions(), direction)[0]
  }

  private func certified<Number: LossScalar>(
    _ function: LossFunction, _ logits: [Number], _ target: Target, _ options: LossOptions,
    _ direction: RoundingDirection
  ) throws(ReferenceError) -> [Certified<Number>] {
    try evaluate(
      function, LossInput(logits: logits.map(\.floatValue), target: target), options: options,
      in: Number.format, rounding: direction
    ).map(Certified.init)
  }
}
