public import FloatFormats
public import Interchange
public import LossFunctions
public import PropertyEngine
public import Reference
public import Verification

/// A quantity of a linear layer fused with its loss, as it was computed elsewhere, beside the exact values.
public struct LinearCheck: Sendable {
  /// What was computed.
  public let quantity: LinearQuantity
  /// The format of the outputs.
  public let format: FloatFormat
  /// The errors of the outputs that were compared, and what they are of what is common: nothing where another claim is
  /// made.
  public let statistics: ErrorTally
  public let grades: GradeTally
  /// The number of outputs whose exact value no theorem settles.
  public let undecidedCount: Int
  /// The number of outputs that are further off than is allowed.
  public let failureCount: Int
  /// The output that is furthest off: its place, what it is and what it should be.
  public let worst: (place: Int, computed: FloatValue, exact: FloatValue)?

  /// Whether all outputs that were compared are near enough, and some were.
  public var hasPassed: Bool { verdict == .passed }

  /// What it comes to: it is incomplete where no output could be compared.
  public var verdict: Verdict {
    if failureCount > 0 { return .fellShort }
    return statistics.outputCount > 0 ? .passed : .incomplete
  }

  /// The best grade that holds on all outputs that were compared; nil where none was. Beyond 16 ulp it is `common`
  /// where that was claimed.
  public var grade: Grade? {
    guard statistics.outputCount > 0 else { return nil }
    let ulps = statistics.maximumULPs
    if statistics.misroundedCount == 0 { return .correctlyRounded }
    if ulps < 1 { return .faithful }
    if ulps <= Grade.greatestULPs || (grades.greatestShare == nil && ulps.isFinite) {
      return .ulps(Grade.threeDigits(above: ulps))
    }
    return grades.greatestShare != nil && failureCount == 0 ? .common : .fallsShort
  }

  /// How it falls short, at the output that is furthest off; nil where it does not.
  package func failure(_ shape: [Int]) -> Failure? {
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
    undecidedCount = exact.undecided.keys.reduce(0) { $0 + exact.places(ofRow: $1).count }
    // What is common takes all logits, and is asked of no other claim.
    let allowance =
      claim == .common
      ? LinearAllowance(quantity, input, options: options, reduction: reduction) : nil
    var (statistics, grades) = (ErrorTally(), GradeTally())
    statistics.observe(errors, against: exact)
    var (failures, greatest) = (0, -1.0)
    var worst: (place: Int, computed: FloatValue, exact: FloatValue)?
    for place in errors.ulps.indices where exact.undecided[place / exact.outputsPerRow] == nil {
      let (error, ulps) = (errors[place], errors.ulps[place])
      let allowed =
        allowance?.ulps(
          at: place, exact: exact.values[place].double, ulpExponent: Int(exact.ulpExponents[place]))
      let fails =
        switch claim {
        case .correctlyRounded: error.isMisrounded
        case .faithful: ulps >= 1
        case .ulps(let count): ulps > count || ulps.isInfinite
        default: ulps > allowed ?? .infinity
        }
      if fails { failures += 1 }
      grades.observe(ulps: ulps, share: allowed.map { ulps / $0 })
      if ulps > greatest {
        greatest = ulps
        worst = (place, computed[place], exact.values[place])
      }
    }
    (self.statistics, self.grades) = (statistics, grades)
    (failureCount, self.worst) = (failures, worst)
  }
}

extension LinearCheck {
  /// What was found, in a few lines.
  public func text(_ format: FloatFormat, shape: [Int]) -> String {
    var lines = [
      "\(quantity.rawValue) \(shape.shown) \(format): "
        + "largest error \(statistics.maximumULPs.threeDigits) ulp"
        + (grades.greatestShare.map { " (\($0.threeDigits) of common)" } ?? "")
        + ", misrounded \(statistics.misroundedCount) of \(statistics.outputCount + undecidedCount)"
        + (statistics.nonFiniteCount > 0 ? ", not finite \(statistics.nonFiniteCount)" : "")
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
