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
  private(set) var isMisrounded: [Bool] = []
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
    for (place, value) in exact.values.enumerated() {
      let output = outputs[place]
      // NaN of nothing over nothing, infinite losses.
      let isLimit = value.approximation == nil
      isSpecial.append(isLimit && !strict)
      let error = value.error(of: output)
      ulps.append(error.ulps)
      isMisrounded.append(error.isMisrounded)
      let common = exact.commonErrors.indices.contains(place) ? exact.commonErrors[place] : 0
      let scale = value.value.double.magnitude * contract.relativeReductionError
      let ulp = Double(sign: .plus, exponent: value.ulpExponent, significand: 1)
      // A number is rounded before it is divided, and after; so may be what divides it.
      let allowed = 2 + (common + (contract.function.isGradient ? scale : 0)) / ulp
      let mayOverflow = output.isInfinite && contract.overflows(exact.sum)
      // Of nothing over nothing no share can be told.
      let share = error.ulps.isInfinite ? error.ulps : error.ulps / allowed
      shares.append(error.ulps == 0 || mayOverflow ? 0 : share)
    }
  }

  /// The first output that refutes the claim most; nil where none does.
  var failingPlace: Int? {
    let failing = ulps.indices.filter { !isSpecial[$0] && refutes($0) }
    return failing.max { ulps[$0] < ulps[$1] }
  }

  private func refutes(_ place: Int) -> Bool {
    switch claim {
    case .correctlyRounded: isMisrounded[place]
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
    let index = exact.values.count > 1 ? "output \(place) is " : "gives "
    return index + format.shortestDecimal(outputs[place]) + ", exact "
      + format.shortestDecimal(exact.values[place].value) + error
  }
}
