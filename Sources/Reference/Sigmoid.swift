internal import FloatFormats
internal import Multiprecision

/// σ(z) = 1/(1 + e^(−z)), and scaled and shifted by exact numbers: c·σ(z) − a, over a denominator.
///
/// In three ranges, so that the tail is small and has a certain sign:
/// - |z| < 1: σ(z) = ½ + ½ tanh(z/2), rational only at z = 0;
/// - z ≥ 1: σ(z) = 1 − 1/(1 + e^z);
/// - z ≤ −1: σ(z) = 1/(1 + e^(−z)).
///
/// The binary cross-entropy's gradient is such a shift, which is why it stands here.
struct SigmoidSplit: ~Copyable {
  /// 2·(the number near which σ(z) lies): 0, 1 or 2.
  let doubledHead: Int
  /// σ(z) less that number.
  let tail: Enclosure

  /// The split of σ(z/T), or of σ(−z/T), for a finite z.
  init(_ logit: SingleLogit, negated: Bool = false, precision: Int) {
    var argument = logit.quotient(precision: precision)
    if negated { argument.negate() }
    self.init(argument, precision: precision)
  }

  /// The split of σ at an argument of a certain sign.
  init(_ argument: consuming Enclosure, precision: Int) {
    let isZero = argument.isPoint && argument.lower.isZero
    guard isZero || argument.magnitudeIsAtLeastOne else {
      argument.scale(byPowerOfTwo: -1)
      argument.apply(.hyperbolicTangent, precision: precision)
      argument.scale(byPowerOfTwo: -1)
      self.init(doubledHead: 1, tail: argument)
      return
    }
    if isZero {
      self.init(doubledHead: 1, tail: Enclosure(0))
      return
    }
    // σ(−|z|) = e^(−|z|) / (1 + e^(−|z|)).
    let isNegative = argument.upper.signum < 0
    if !isNegative { argument.negate() }
    argument.apply(.exponential, precision: precision)
    var total = argument.copy()
    total.add(BigFloat(1), precision: precision)
    argument.divide(by: total, precision: precision)
    if isNegative {
      self.init(doubledHead: 0, tail: argument)
    } else {
      argument.negate()
      self.init(doubledHead: 2, tail: argument)
    }
  }

  private init(doubledHead: Int, tail: consuming Enclosure) {
    self.doubledHead = doubledHead
    self.tail = tail
  }

  /// The head, exactly.
  var head: BigFloat {
    var head = BigFloat(doubledHead)
    head.scale(byPowerOfTwo: -1, rounding: .nearestEven)
    return head
  }

  /// Both together, to be computed with.
  func enclosure(precision: Int) -> Enclosure {
    var result = tail.copy()
    result.add(head, precision: precision)
    return result
  }
}

extension Enclosure {
  var magnitudeIsAtLeastOne: Bool {
    let one = BigFloat(1)
    let minusOne = BigFloat(-1)
    return one.isLess(than: lower) || upper.isLess(than: minusOne)
  }
}

/// The sigmoid of one logit, or of its negative.
struct Sigmoid: ExactScalar {
  let logit: SingleLogit
  var isNegated = false

  var ground: Ground { logit.ground }
  var precisionLoss: Int { logit.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    let value = logit.value
    if value.isNaN { return .limit(.notANumber) }
    if value.isInfinite {
      let isZero = (value.signum < 0) != isNegated
      return .real(HeadAndTail(head: BigFloat(isZero ? 0 : 1), tail: Enclosure(0)))
    }
    let split = SigmoidSplit(logit, negated: isNegated, precision: precision)
    return .real(HeadAndTail(head: split.head, tail: split.tail.copy()))
  }
}

extension FloatValue {
  /// The bits that e^x loses to an error of half an ulp in its argument, x being this value.
  var exponentialPrecisionLoss: Int {
    min(max((binaryExponent ?? 0) + 1, 0), FloatFormat.exponentBitRange.upperBound)
  }
}
