internal import FloatFormats
internal import Multiprecision

/// The values of a function times one number g, `grad_output`, exactly.
///
/// A value that is irrational stays so, times a g other than 0; what is rational is multiplied as it is. For g = 0
/// the product is the exact 0. An infinite g gives an infinity of the sign of the product: 0·∞ has no value.
struct TimesGradOutput: ScaledFunction {
  let function: any ExactFunction
  let gradOutput: FloatValue

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    function.enclose(indices, precision: precision) { index, entry in
      switch consume entry {
      case .limit(let limit): receive(index, .limit(limit.times(gradOutput.signum)))
      case .real(var number):
        switch gradOutput.kind {
        case .nan: receive(index, .limit(.notANumber))
        case .finite:
          number.multiply(by: BigFloat(gradOutput), precision: precision)
          receive(index, .real(number))
        case .infinite:
          receive(
            index,
            .infinite(
              sign: number.enclosure(precision: precision).signum,
              isNegated: gradOutput.isNegative))
        }
      }
    }
  }
}

extension FloatValue {
  /// −1, 0 or 1; nil for NaN.
  var signum: Int? { isNaN ? nil : isZero ? 0 : isNegative ? -1 : 1 }
}

extension LimitValue {
  /// The limit times a number of this sign.
  fileprivate func times(_ sign: Int?) -> LimitValue {
    guard let sign, sign != 0, self != .notANumber else { return .notANumber }
    return (self == .positiveInfinity) == (sign > 0) ? .positiveInfinity : .negativeInfinity
  }
}

extension ExactEntry {
  /// ∞ times a number of this sign; where its sign is not known yet, what no precision decides, so that the
  /// next one is tried.
  static func infinite(sign: Int?, isNegated: Bool) -> ExactEntry {
    switch sign {
    case 0?: .limit(.notANumber)
    case let sign?: .limit((sign < 0) == isNegated ? .positiveInfinity : .negativeInfinity)
    case nil:
      .real(
        HeadAndTail(
          head: BigFloat(0), tail: Enclosure(lower: BigFloat(-1), upper: BigFloat(1))))
    }
  }
}
