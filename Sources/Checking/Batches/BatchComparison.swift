internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine
internal import Reference
internal import Verification

/// The outputs for a batch beside the exact ones.
struct BatchComparison {
  /// The error of each output in ulps, and what it is of what is common; a convention differs by ∞ ulps.
  private(set) var ulps: [Double] = []
  private(set) var shares: [Double] = []
  let errors: ErrorColumn
  /// Whether each is a limit or a NaN that conventions make, which count nothing.
  private(set) var isSpecial: [Bool] = []
  private let claim: Grade
  private let exact: ReducedExact
  private let format: FloatFormat

  init(_ outputs: NumberColumn, _ exact: ReducedExact, _ contract: CheckContract) {
    claim = contract.claim
    self.exact = exact
    format = contract.outputFormat
    let strict = contract.specialValues == .strict
    errors = ErrorColumn(of: outputs, against: exact.certified)
    ulps = errors.ulps
    // NaN of nothing over nothing, infinite losses.
    isSpecial = exact.certified.residuals.map { $0.isInfinite && !strict }
    let (values, exponents) = (exact.certified.values.doubles, exact.certified.ulpExponents)
    let relative = contract.function.isGradient ? contract.relativeReductionError : 0
    shares = ulps.enumerated().map { place, error in
      guard error > 0 else { return 0 }
      // Of nothing over nothing no share can be told.
      guard error.isFinite else {
        let isCommon =
          outputs[place].isInfinite && contract.overflows(exact.sum)
          || exact.allows(outputs[place].double, at: place, contract)
        return isCommon ? 0 : error
      }
      let common = exact.commonErrors.indices.contains(place) ? exact.commonErrors[place] : 0
      let allowed = common + values[place].magnitude * relative
      // A number is rounded before it is divided, and after; so may be what divides it.
      return error / (2 + allowed.scaled(byPowerOfTwo: -Int(exponents[place])))
    }
  }

  /// The first output that refutes the claim most; nil where none does.
  var failingPlace: Int? {
    let failing = ulps.indices.filter { !isSpecial[$0] && refutes($0) }
    return failing.max { ulps[$0] < ulps[$1] }
  }

  /// How far off the worst output is that is no convention: over what is common where that is claimed, else in ulps.
  var badness: Double {
    let sizes = claim == .common ? shares : ulps
    return sizes.indices.filter { !isSpecial[$0] }.map { sizes[$0] }.max() ?? 0
  }

  /// The output of that error; nil where all are conventions.
  var worstPlace: Int? {
    ulps.indices.filter { !isSpecial[$0] }.max { ulps[$0] < ulps[$1] }
  }

  private func refutes(_ place: Int) -> Bool {
    switch claim {
    case .correctlyRounded: errors[place].isMisrounded
    case .faithful: ulps[place] >= 1
    case .ulps(let count): ulps[place] > count || ulps[place].isInfinite
    default: shares[place] > 1
    }
  }

  func kind(at place: Int) -> String {
    (ulps[place].isInfinite ? Failure.Kind.nonFinite : .inaccurate).rawValue
  }

  func message(at place: Int, _ outputs: NumberColumn) -> String {
    let error = ulps[place].isFinite ? ", \(ulps[place].threeDigits) ulp" : ""
    let index = exact.count > 1 ? "output \(place) is " : "gives "
    return index + format.shortestDecimal(outputs[place]) + ", exact "
      + format.shortestDecimal(exact.certified.values[place]) + error
  }
}
