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
  /// The format of the outputs.
  public let format: FloatFormat
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
  /// The greatest error over what is common; nil where another claim is made.
  public let greatestShare: Double?
  /// The output that is furthest off: its place, what it is and what it should be.
  public let worst: (place: Int, computed: FloatValue, exact: FloatValue)?

  /// Whether all outputs that were compared are near enough, and some were.
  public var hasPassed: Bool { verdict == .passed }

  /// What it comes to: it is incomplete where no output could be compared.
  public var verdict: Verdict {
    if failureCount > 0 { return .fellShort }
    return undecidedCount < outputCount ? .passed : .incomplete
  }

  /// The best grade that holds on all outputs that were compared; nil where none was. Beyond 16 ulp it is `common`
  /// where that was claimed.
  public var grade: Grade? {
    guard undecidedCount < outputCount else { return nil }
    if misroundedCount == 0 { return .correctlyRounded }
    if maximumULPs < 1 { return .faithful }
    if maximumULPs <= Grade.greatestULPs || (greatestShare == nil && maximumULPs.isFinite) {
      return .ulps(Grade.threeDigits(above: maximumULPs))
    }
    return greatestShare != nil && failureCount == 0 ? .common : .fallsShort
  }

  /// How it falls short, at the output that is furthest off; nil where it does not.
  func failure(_ shape: [Int]) -> Failure? {
    guard failureCount > 0, let worst else { return nil }
    let kind: Failure.Kind =
      if !worst.computed.isFinite, worst.exact.isFinite {
        .nonFinite
      } else if worst.computed.isNegative != worst.exact.isNegative, !worst.computed.isZero,
        !worst.exact.isZero
      {
        .wrongSign
      } else { .inaccurate }
    return Failure(
      kind,
      "output \(shape.place(worst.place).shown) is \(format.shortestDecimal(worst.computed)), "
        + "exact \(format.shortestDecimal(worst.exact))")
  }

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
    format = computed.format
    let errors = ErrorColumn(of: computed, against: exact)
    outputCount = errors.count
    undecidedCount = exact.undecided.keys.reduce(0) { $0 + exact.places(ofRow: $1).count }
    // What is common takes all logits, and is asked of no other claim.
    let allowance =
      claim == .common
      ? LinearAllowance(quantity, input, options: options, reduction: reduction) : nil
    var (misrounded, nonFinite, failures) = (0, 0, 0)
    var (greatest, share) = (-1.0, 0.0)
    var worst: (place: Int, computed: FloatValue, exact: FloatValue)?
    for place in errors.ulps.indices where exact.undecided[place / exact.outputsPerRow] == nil {
      let (error, ulps) = (errors[place], errors.ulps[place])
      if error.isMisrounded { misrounded += 1 }
      if ulps.isInfinite { nonFinite += 1 }
      let allowed =
        allowance?.ulps(
          at: place, exact: exact.values[place].double, ulpExponent: Int(exact.ulpExponents[place]))
        ?? .infinity
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
    (maximumULPs, self.worst) = (max(greatest, 0), worst)
    greatestShare = allowance == nil ? nil : share
  }
}

extension LinearCheck {
  /// What was found, in a few lines.
  public func text(_ format: FloatFormat, shape: [Int]) -> String {
    var lines = [
      "\(quantity.rawValue) \(shape.shown) \(format): largest error \(maximumULPs.threeDigits) ulp"
        + (greatestShare.map { " (\($0.threeDigits) of common)" } ?? "")
        + ", misrounded \(misroundedCount) of \(outputCount)"
        + (nonFiniteCount > 0 ? ", not finite \(nonFiniteCount)" : "")
    ]
    if undecidedCount > 0 { lines.append("  left out, undecided: \(undecidedCount)") }
    guard failureCount > 0, let worst else { return lines.joined(separator: "\n") + "\n" }
    lines.append(
      "  \(failureCount) too far off; the worst at \(shape.place(worst.place).shown): "
        + "\(format.shortestDecimal(worst.computed)), exact \(format.shortestDecimal(worst.exact))")
    return lines.joined(separator: "\n") + "\n"
  }
}

extension [Int] {
  /// The indices of a place in a tensor of this shape.
  package func place(_ place: Int) -> [Int] {
    var (places, rest) = ([Int](), place)
    for extent in reversed() {
      places.insert(rest % extent, at: 0)
      rest /= extent
    }
    return places
  }
}
