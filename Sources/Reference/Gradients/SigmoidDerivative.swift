internal import Multiprecision

/// σ(z)(1 − σ(z)) = e^(−|z|) / (1 + e^(−|z|))², z being what `LogitTransform` makes of the logit: rational only at z = 0,
/// where it is 1/4.
///
/// Were it a rational r for another z, then u = e^(−|z|) would solve u = r(1 + u)² and be algebraic, against
/// Lindemann. For |z| ≤ 1 it is ¼ − ¼ tanh²(z/2): near 1/4, a breakpoint, the tail is what decides.
struct SigmoidDerivative: ExactScalar {
  let logit: SingleLogit

  var ground: Ground { logit.ground }
  var precisionLoss: Int { logit.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    let value = logit.value
    if value.isNaN { return .limit(.notANumber) }
    if value.isInfinite { return .real(.zero()) }
    var argument = logit.quotient(precision: precision)
    guard argument.magnitudeIsAtLeastOne else {
      argument.scale(byPowerOfTwo: -1)
      argument.apply(.hyperbolicTangent, precision: precision)
      var square = argument.copy()
      square.multiply(by: argument, precision: precision)
      square.negate()
      return .real(HeadAndTail(head: BigFloat(1), tail: square, denominator: BigFloat(4)))
    }
    if argument.lower.signum > 0 { argument.negate() }
    argument.apply(.exponential, precision: precision)
    var total = argument.copy()
    total.add(BigFloat(1), precision: precision)
    argument.divide(by: total, precision: precision)
    argument.divide(by: total, precision: precision)
    return .real(HeadAndTail(head: BigFloat(0), tail: argument))
  }
}
