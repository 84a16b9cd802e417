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

  /// The split of σ(z/T) for a finite z.
  init(_ logit: FloatValue, temperature: FloatValue?, precision: Int) {
    var argument = Enclosure(BigFloat(logit))
    if let temperature {
      argument = .quotient(BigFloat(logit), BigFloat(temperature), precision: precision)
    }
    guard logit.isZero || argument.magnitudeIsAtLeastOne else {
      argument.scale(byPowerOfTwo: -1)
      argument.apply(.hyperbolicTangent, precision: precision)
      argument.scale(byPowerOfTwo: -1)
      self.init(doubledHead: 1, tail: argument)
      return
    }
    if logit.isZero {
      self.init(doubledHead: 1, tail: Enclosure(0))
      return
    }
    // σ(−|z|) = e^(−|z|) / (1 + e^(−|z|)).
    if !logit.isNegative { argument.negate() }
    argument.apply(.exponential, precision: precision)
    var total = argument.copy()
    total.add(BigFloat(1), precision: precision)
    argument.divide(by: total, precision: precision)
    if logit.isNegative {
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
  fileprivate var magnitudeIsAtLeastOne: Bool {
    let one = BigFloat(1)
    let minusOne = BigFloat(-1)
    return one.isLess(than: lower) || upper.isLess(than: minusOne)
  }
}

/// The sigmoid of one logit.
struct Sigmoid: ExactScalar {
  let logit: FloatValue

  var precisionLoss: Int { logit.exponentialPrecisionLoss }

  func entry(precision: Int) -> ExactEntry {
    switch logit.kind {
    case .nan: return .limit(.notANumber)
    case .infinite:
      return .real(HeadAndTail(head: BigFloat(logit.isNegative ? 0 : 1), tail: Enclosure(0)))
    case .finite:
      let split = SigmoidSplit(logit, temperature: nil, precision: precision)
      return .real(HeadAndTail(head: split.head, tail: split.tail.copy()))
    }
  }
}

extension FloatValue {
  /// The bits that e^x loses to an error of half an ulp in its argument, x being this value.
  var exponentialPrecisionLoss: Int {
    min(max((binaryExponent ?? 0) + 1, 0), FloatFormat.exponentBitRange.upperBound)
  }
}
