import LossOracle

/// Rows with soft targets, options and other directions, as `Reference.evaluate` certifies them.
struct Certified {
  private let function: LossFunction
  private let format: FloatFormat
  private let inputs: [LossInput]
  private let options: LossOptions
  private let direction: RoundingDirection

  /// - Parameter kind: `plain`, `soft`, the name of an option, or that of a direction.
  init(
    _ function: LossFunction, _ format: FloatFormat, logits: ArraySlice<Double>, labels: [Int32],
    classCount: Int, kind: String
  ) throws {
    (self.function, self.format) = (function, format)
    var options = LossOptions()
    var direction = RoundingDirection.nearestEven
    switch kind {
    case "plain", "soft": break
    case "label_smoothing": options.labelSmoothing = FloatValue(0.1)
    case "class_weights":
      options.classWeights = (0..<classCount).map { FloatValue(0.5 + Double($0 % 3)) }
    case "pos_weight": options.positiveWeight = FloatValue(3)
    case "temperature": options.temperature = FloatValue(0.7)
    case "z_loss": options.zLoss = FloatValue(0x1p-13)
    case "focal_gamma": options.focalGamma = FloatValue(2)
    case "up": direction = .up
    case "down": direction = .down
    case "toward-zero": direction = .towardZero
    default: throw BadRequest(text: kind)
    }
    (self.options, self.direction) = (options, direction)
    inputs = labels.indices.map { row in
      let start = logits.startIndex + row * classCount
      let numbers = logits[start..<start + classCount]
      var target = Target.none
      if function.hasTarget {
        let shares = numbers.map { 1 + $0.magnitude }
        let total = kind == "soft" ? shares.reduce(0, +) + 1 : 1
        target =
          kind == "soft"
          ? .probabilities(shares.map { format.rounded(FloatValue($0 / total), .nearestEven) })
          : function.isBinary
            ? .probabilities([FloatValue(Double(labels[row]))]) : .index(Int(labels[row]))
      }
      return LossInput(logits: numbers.map { FloatValue($0) }, target: target)
    }
  }

  /// The nanoseconds that all rows take, and the number of them that MPFR decided.
  func measure(usesFastTier: Bool) throws -> (nanoseconds: Double, slowRowCount: Int) {
    let reference = Reference(usesFastTier: usesFastTier)
    var slowRowCount = 0
    let duration = try ContinuousClock().measure {
      for input in inputs {
        let values = try reference.evaluate(
          function, input, options: options, in: format, rounding: direction)
        if values.contains(where: { $0.workingPrecision != Self.fastPrecision }) { slowRowCount += 1 }
      }
    }
    return (duration / .nanoseconds(1), slowRowCount)
  }

  /// What the fast tier says of its values.
  private static let fastPrecision = 80
}
