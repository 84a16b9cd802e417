internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The one logit of a binary function, and what stands before it.
struct SingleLogit: Sendable {
  private let source: FloatValue
  private let transform: LogitTransform

  init(_ logit: FloatValue, _ options: LossOptions) {
    source = logit
    transform = LogitTransform(options)
  }

  /// z, which the temperature divides.
  var value: TransformedLogit { transform(source) }

  /// T.
  var temperature: FloatValue { transform.temperature }

  var ground: Ground { transform.ground }
  var precisionLoss: Int { transform.precisionLoss(CollectionOfOne(source)) }

  /// z/T for a finite z.
  func quotient(precision: Int) -> Enclosure {
    let value = value
    if value.isExact {
      if temperature == .one { return Enclosure(value.exact) }
      return .quotient(value.exact, BigFloat(temperature), precision: precision)
    }
    var result = value.parts(precision: precision).enclosure(precision: precision)
    if temperature != .one {
      result.divide(by: Enclosure(BigFloat(temperature)), precision: precision)
    }
    return result
  }

  /// log1p(e^(−|z|/T)): the tail that all binary losses share.
  func logOnePlusExponential(precision: Int) -> Enclosure {
    var result = quotient(precision: precision)
    if value.signum > 0 { result.negate() }
    result.apply(.exponential, precision: precision)
    result.apply(.logarithmOnePlus, precision: precision)
    return result
  }
}
