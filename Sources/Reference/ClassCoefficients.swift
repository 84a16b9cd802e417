internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The coefficients a_c of a categorical loss Σ a_c·(−log p_c) / D, exactly.
///
/// With class weights w, smoothing ε over K classes and a target y (one-hot for a class index),
/// a_c / D = w_c·(y_c(1 − ε) + ε/K). D is K where there is smoothing and 1 otherwise, so that the
/// a_c are dyadic rationals. A class whose coefficient is 0 contributes nothing, infinite as its
/// −log p_c may be.
struct ClassCoefficients {
  let target: Target
  let weights: [FloatValue]?
  let smoothing: FloatValue?
  /// α of a focal loss with γ = 0, which is the plain loss scaled.
  let balance: FloatValue?
  let classCount: Int

  init(_ input: LossInput, _ options: LossOptions) {
    target = input.target
    weights = options.classWeights
    smoothing = options.labelSmoothing
    balance = options.focalAlpha
    classCount = input.logits.count
  }

  /// D.
  var denominator: Int { smoothing == nil ? 1 : classCount }

  /// Whether a target probability is NaN.
  var hasNaN: Bool {
    if case .probabilities(let probabilities) = target {
      probabilities.contains(where: \.isNaN)
    } else {
      false
    }
  }

  /// The classes that can have a coefficient other than 0.
  var support: Range<Int> {
    if smoothing == nil, case .index(let label) = target {
      label..<label + 1
    } else {
      0..<classCount
    }
  }

  /// a_c.
  func coefficient(_ index: Int) -> BigFloat {
    var result: BigFloat
    switch target {
    case .none, .logits: result = BigFloat(0)
    case .index(let label): result = BigFloat(index == label ? 1 : 0)
    case .probabilities(let probabilities): result = BigFloat(probabilities[index])
    }
    if let smoothing {
      let share = BigFloat(smoothing)
      let kept = BigFloat.exactProduct(.exactDifference(BigFloat(1), share), BigFloat(classCount))
      result = .exactSum(.exactProduct(result, kept), share)
    }
    for factor in [weights?[index], balance].compactMap({ $0 }) {
      result = .exactProduct(result, BigFloat(factor))
    }
    return result
  }

  /// A = Σ a_c.
  var total: BigFloat {
    var total = BigFloat(0)
    for index in support { total = .exactSum(total, coefficient(index)) }
    return total
  }
}
