internal import FloatFormats
internal import Multiprecision

/// log(1 + e^z) = max(z, 0) + log1p(e^(−|z|)), or its mirror image −log(1 + e^(−z)), the log-sigmoid.
///
/// Irrational for every finite z. The tail is positive and lies below log 2.
struct Softplus: ExactScalar {
  let logit: FloatValue

  /// Whether the value is −softplus(−logit).
  let isLogSigmoid: Bool

  var precisionLoss: Int { logit.exponentialPrecisionLoss }

  func entry(precision: Int) -> ExactEntry {
    let argument = isLogSigmoid ? logit.negated : logit
    switch argument.kind {
    case .nan: return .limit(.notANumber)
    case .infinite where argument.isNegative: return .real(.zero())
    case .infinite: return .limit(isLogSigmoid ? .negativeInfinity : .positiveInfinity)
    case .finite: break
    }
    var head = argument.isNegative ? BigFloat(0) : BigFloat(argument)
    var tail = Enclosure.logOnePlusExponential(ofNegated: argument, nil, precision: precision)
    if isLogSigmoid {
      head.negate()
      tail.negate()
    }
    return .real(HeadAndTail(head: head, tail: tail))
  }
}

extension Enclosure {
  /// log1p(e^(−|z|/T)): the tail that all binary losses share.
  static func logOnePlusExponential(
    ofNegated logit: FloatValue, _ temperature: FloatValue?, precision: Int
  ) -> Enclosure {
    var argument = BigFloat(logit.magnitude)
    argument.negate()
    var result =
      if let temperature {
        Enclosure.quotient(argument, BigFloat(temperature), precision: precision)
      } else {
        Enclosure(argument)
      }
    result.apply(.exponential, precision: precision)
    result.apply(.logarithmOnePlus, precision: precision)
    return result
  }
}
