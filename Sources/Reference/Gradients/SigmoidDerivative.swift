internal import FloatFormats
internal import Multiprecision

/// σ(z)(1 − σ(z)) = e^(−|z|) / (1 + e^(−|z|))², rational only at z = 0, where it is 1/4.
///
/// Were it a rational r for another z, then u = e^(−|z|) would solve u = r(1 + u)² and be algebraic, against
/// Lindemann. For |z| < 1 it is ¼ − ¼ tanh²(z/2): near 1/4, a breakpoint, the tail is what decides.
struct SigmoidDerivative: ExactScalar {
  let logit: FloatValue

  var precisionLoss: Int { logit.exponentialPrecisionLoss }

  func entry(precision: Int) -> ExactEntry {
    switch logit.kind {
    case .nan: return .limit(.notANumber)
    case .infinite: return .real(.zero())
    case .finite: break
    }
    guard logit.isZero || (logit.binaryExponent ?? 0) >= 0 else {
      var tangent = Enclosure(BigFloat(logit.magnitude))
      tangent.scale(byPowerOfTwo: -1)
      tangent.apply(.hyperbolicTangent, precision: precision)
      var square = tangent.copy()
      square.multiply(by: tangent, precision: precision)
      square.negate()
      return .real(HeadAndTail(head: BigFloat(1), tail: square, denominator: BigFloat(4)))
    }
    if logit.isZero {
      return .real(HeadAndTail(head: BigFloat(1), tail: Enclosure(0), denominator: BigFloat(4)))
    }
    var power = Enclosure(BigFloat(logit.magnitude.negated))
    power.apply(.exponential, precision: precision)
    var total = power.copy()
    total.add(BigFloat(1), precision: precision)
    power.divide(by: total, precision: precision)
    power.divide(by: total, precision: precision)
    return .real(HeadAndTail(head: BigFloat(0), tail: power))
  }
}
