internal import FloatFormats
internal import Multiprecision

/// Where e^x leaves a format, as numbers of the format.
///
/// By MPFR, so that the cases are the same on every platform.
struct ExponentialEdges: Sendable {
  /// Where e^x becomes infinite: log of the greatest number.
  let overflow: [FloatValue]
  /// Where e^x becomes subnormal, the least number, and zero: log of the least normal number, the
  /// least subnormal, and half of it.
  let underflow: [FloatValue]

  private static let known = Dictionary(
    uniqueKeysWithValues: FloatFormat.catalogue.map { ($0, ExponentialEdges($0)) })

  /// The edges of a format.
  static func of(_ format: FloatFormat) -> ExponentialEdges {
    known[format] ?? ExponentialEdges(format)
  }

  private init(_ format: FloatFormat) {
    // Of narrower formats also where float32 overflows and underflows: kernels compute in it.
    let isNarrower =
      format.precision < FloatFormat.float32.precision && format.greatestExponent <= 127
    let computing = isNarrower ? [format, .float32] : [format]
    overflow = computing.compactMap { format.logarithm(of: $0.greatestFinite) }
    underflow = computing.flatMap { other in
      let least = other.leastSubnormal
      let half = FloatValue(isNegative: false, significand: 1, exponent: least.exponent - 1)
      return [other.leastNormal, least, half].compactMap(format.logarithm)
    }
  }
}

extension FloatFormat {
  /// log of a positive number, rounded to the format.
  ///
  /// nil only where the logarithm is so near a midpoint that 64 more bits than the format has leave it
  /// open: 2⁻⁶⁴ of all numbers.
  fileprivate func logarithm(of value: FloatValue) -> FloatValue? {
    var logarithm = Enclosure(BigFloat(value))
    logarithm.apply(.logarithm, precision: precision + 64)
    guard let rounded = rounded(logarithm, .nearestEven) else { return nil }
    // Formats of few exponents hold less than float32's edges.
    return rounded.isFinite
      ? rounded : value.isLess(than: .one) ? greatestFinite.negated : greatestFinite
  }

  /// log n, for a number of classes.
  func logarithm(ofClassCount count: Int) -> FloatValue {
    let count = FloatValue(isNegative: false, significand: UInt128(max(count, 1)), exponent: 0)
    return logarithm(of: count) ?? .zero
  }
}

extension CaseDraft {
  /// Draws logits that are, or that differ by, one of `edges` give or take eight steps, of either sign.
  ///
  /// A row has a base, mostly 0; a quarter of its logits are that, and the others an edge above it,
  /// or below it: where the base is the greatest, the edges are what the shifted forms see.
  mutating func drawAtEdges(_ edges: [Encoding]) {
    drawTarget()
    let edges = edges.isEmpty ? [0] : edges
    guard !isBinary else {
      let edge = neighbour(of: choices.element(of: edges), within: 8)
      logits.append(signed(edge))
      return
    }
    let isShifted = choices.choice(below: 4) == 3
    let base = isShifted ? wholeNumber(within: 64) : 0
    let isMirrored = choices.choice(below: 4) == 3
    drawLogits { draft in
      guard draft.choices.choice(below: 4) > 0 else { return base }
      let element = draft.choices.element(of: edges)
      let edge = isMirrored ? draft.negated(element) : element
      // A base of 0 leaves an edge what it is, in formats wider than Double, too.
      let sum =
        draft.isZero(base) ? edge : draft.number(draft.double(base) + draft.double(edge))
      return draft.neighbour(of: sum, within: 8)
    }
  }
}
