public import FloatFormats
public import Interchange
public import LossFunctions
public import PropertyEngine
public import Reference
internal import Verification

/// A quantity of a linear layer fused with its loss, as it was computed elsewhere, beside the exact values.
public struct LinearCheck: Sendable {
  /// What was computed.
  public let quantity: LinearQuantity
  /// How many outputs there are, and how many are not the correctly rounded ones.
  public let outputCount: Int
  /// The number of outputs that are not the nearest.
  public let misroundedCount: Int
  /// The number of those that are infinite or NaN where the exact value is finite.
  public let nonFiniteCount: Int
  /// The number of those whose exact value no theorem settles.
  public let undecidedCount: Int
  /// The number of those that are further off than is allowed.
  public let failureCount: Int
  /// The largest error in ulps, and over what is allowed.
  public let maximumULPs: Double
  /// The greatest error over what is allowed.
  public let greatestShare: Double
  /// The output that is furthest off: its place, what it is and what it should be.
  public let worst: (place: Int, computed: FloatValue, exact: FloatValue)?

  /// Whether all outputs are near enough.
  public var hasPassed: Bool { failureCount == 0 }

  /// Holds outputs against exact values.
  ///
  /// - Parameters:
  ///   - computed: As many outputs as there are exact values, in their format.
  ///   - claim: How near they have to be. `common` is what a matrix product that is summed in float32 brings,
  ///     and a loss in float32 of its logits: see `allowance`.
  public init(
    _ quantity: LinearQuantity, of computed: NumberColumn, against exact: CertifiedRows,
    _ input: LinearInput, options: LossOptions, reduction: Reduction, claim: Grade = .common
  ) {
    self.quantity = quantity
    let errors = ErrorColumn(of: computed, against: exact)
    outputCount = errors.count
    undecidedCount = exact.undecided.keys.reduce(0) { $0 + exact.places(ofRow: $1).count }
    let allowance = LinearAllowance(quantity, input, options: options, reduction: reduction)
    var (misrounded, nonFinite, failures) = (0, 0, 0)
    var (greatest, share) = (-1.0, 0.0)
    var worst: (place: Int, computed: FloatValue, exact: FloatValue)?
    for place in errors.ulps.indices {
      let (error, ulps) = (errors[place], errors.ulps[place])
      if error.isMisrounded { misrounded += 1 }
      if ulps.isInfinite { nonFinite += 1 }
      let allowed = allowance.ulps(
        at: place, exact: exact.values[place].double, ulpExponent: Int(exact.ulpExponents[place]))
      let fails =
        switch claim {
        case .correctlyRounded: error.isMisrounded
        case .faithful: ulps >= 1
        case .ulps(let count): ulps > count || ulps.isInfinite
        default: ulps > allowed
        }
      if fails { failures += 1 }
      share = max(share, ulps / allowed)
      if ulps > greatest {
        greatest = ulps
        worst = (place, computed[place], exact.values[place])
      }
    }
    (misroundedCount, nonFiniteCount, failureCount) = (misrounded, nonFinite, failures)
    (maximumULPs, greatestShare, self.worst) = (max(greatest, 0), share, worst)
  }
}

/// What the usual fused form is off by: the logits by a product in float32 with tree sums, of which the roundings
/// add up as the root of their number, the loss and the gradients by a few roundings in float32 more. A derivative
/// p − 1 of a label is off by roundings of 1 and of the logits in p's exponent, however small it is.
struct LinearAllowance {
  private let quantity: LinearQuantity
  private let isReduced: Bool
  private let width: Int
  /// What each row's logits may be off by.
  private let logitErrors: [Double]
  /// The same of a reduced loss.
  private let reducedError: Double
  /// The greatest magnitude of each feature, of the weights or of the hidden rows; for a bias 1.
  private let magnitudes: [Double]
  /// What the factors of each row, or class, may be off by.
  private let factorErrors: [Double]

  private static let unitRoundoff = 0x1p-24

  init(
    _ quantity: LinearQuantity, _ input: LinearInput, options: LossOptions, reduction: Reduction
  ) {
    self.quantity = quantity
    isReduced = reduction != .none
    width = quantity == .biasGradient ? 1 : input.width
    func norms(_ numbers: [Float]) -> [Double] {
      stride(from: 0, to: numbers.count, by: input.width).map { start in
        numbers[start..<start + input.width].reduce(0.0) { $0 + Double($1) * Double($1) }
          .squareRoot()
      }
    }
    let u = Self.unitRoundoff
    let weightNorm = norms(input.weight).max() ?? 0
    let bias = (input.bias ?? []).reduce(0.0) { $1.isFinite ? max($0, Double($1.magnitude)) : $0 }
    let rounding = 2 * u * (Double(input.width).squareRoot() + 4)
    let errors = norms(input.hidden).map { rounding * ($0 * weightNorm + bias) }
    let greatest = errors.max() ?? 0
    logitErrors = errors
    reducedError = reduction == .sum ? errors.reduce(0, +) : greatest
    guard quantity != .loss else {
      (magnitudes, factorErrors) = ([], [])
      return
    }
    let masses = LinearMasses(input, options: options, reduction: reduction)
    func labelError(_ logitError: Double) -> Double { (4 * u + 2 * logitError) * masses.scale }
    if quantity == .hiddenGradient {
      let terms = 2 * u * (Double(input.classCount).squareRoot() + 8)
      factorErrors = masses.rows.enumerated().map { row, mass in
        mass * (4 * errors[row] + terms) + (mass > 0 ? labelError(errors[row]) : 0)
      }
    } else {
      let terms = 2 * u * (Double(input.rowCount).squareRoot() + 8)
      var labels = [Double](repeating: 0, count: input.classCount)
      for (row, label) in input.labels.enumerated() where labels.indices.contains(Int(label)) {
        labels[Int(label)] += labelError(errors[row])
      }
      factorErrors = masses.classes.enumerated().map { index, mass in
        mass * (4 * greatest + terms) + labels[index]
      }
    }
    let matrix = quantity == .weightGradient ? input.hidden : input.weight
    var magnitudes = [Double](repeating: quantity == .biasGradient ? 1 : 0, count: width)
    if quantity != .biasGradient {
      for (place, number) in matrix.enumerated() {
        magnitudes[place % width] = max(magnitudes[place % width], Double(number.magnitude))
      }
    }
    self.magnitudes = magnitudes
  }

  /// What an output may be off by, in ulps.
  func ulps(at place: Int, exact: Double, ulpExponent: Int) -> Double {
    let allowed: Double
    if quantity == .loss {
      let error = isReduced ? reducedError : logitErrors[place]
      allowed = 2 * error + 8 * Self.unitRoundoff * ((exact.isFinite ? exact.magnitude : 0) + 1)
    } else {
      allowed = factorErrors[place / width] * magnitudes[place % width]
    }
    return 1
      + Double(sign: .plus, exponent: -max(min(ulpExponent, 900), -900), significand: allowed)
  }
}

extension LinearCheck {
  /// What was found, in a few lines.
  public func text(_ format: FloatFormat, shape: [Int]) -> String {
    var lines = [
      "\(quantity.rawValue) \(shape.shown) \(format): largest error \(maximumULPs.threeDigits) ulp"
        + " (\(greatestShare.threeDigits) of common), misrounded \(misroundedCount) of \(outputCount)"
        + (nonFiniteCount > 0 ? ", not finite \(nonFiniteCount)" : "")
    ]
    if undecidedCount > 0 { lines.append("  left out, undecided: \(undecidedCount)") }
    guard failureCount > 0, let worst else { return lines.joined(separator: "\n") + "\n" }
    var places: [Int] = []
    var rest = worst.place
    for extent in shape.reversed() {
      places.insert(rest % extent, at: 0)
      rest /= extent
    }
    lines.append(
      "  \(failureCount) too far off; the worst at \(places.shown): "
        + "\(format.shortestDecimal(worst.computed)), exact \(format.shortestDecimal(worst.exact))")
    return lines.joined(separator: "\n") + "\n"
  }
}
