internal import FloatFormats
internal import Foundation
internal import LossFunctions
internal import LossOracle

/// A function of one float64 logit on a block of neighbours, as a polynomial in half ulps of its value, of which
/// only the part after the point is kept: where that is near 0, a breakpoint is near.
///
/// With z the middle and i the number of a neighbour, z + i·u, the value is Σ cₙ·iⁿ for n ≤ 4. Fractions are
/// multiples of 2⁻¹²⁸ and wrap round as integers do. A block reaches at most 2⁻²³ and 2²⁹ logits to each side
/// of z, so the fifth term is below 2⁻¹¹⁵/480, the fractions that are cut off are below 2⁻⁶⁸, and what the 113 bits
/// of the value and the derivative leave is below 2⁻⁵⁸: all told an error below 2⁻⁵⁰ half ulps, if the value
/// is above 2⁻¹⁰.
struct TaylorBlock {
  /// The encodings of the logits, positive or negative ones, and that of the middle.
  let encodings: ClosedRange<UInt64>
  let middle: UInt64

  private let constant: UInt128
  private let linear: UInt128
  private let quadratic: UInt128
  private let cubic: Double
  private let quartic: Double
  /// No less than the second coefficient at any logit of the block; its sign, or 0 if it has both.
  let curvature: Double
  let curvatureSign: Int

  /// nil where the value changes its binade within the block: the logits must be halved.
  init?(_ function: LossFunction, encodings: ClosedRange<UInt64>) throws {
    self.encodings = encodings
    let reach = (encodings.upperBound - encodings.lowerBound + 1) / 2
    middle = encodings.lowerBound + reach
    func exact(_ function: LossFunction, _ encoding: UInt64) throws -> FloatValue {
      let z = FloatValue(Double(bitPattern: encoding))
      return try Reference().evaluate(
        function, LossInput(logits: [z], target: .none), in: Breakpoint.wide)[0].value
    }
    let value = try exact(function, middle)
    let binades = try [encodings.lowerBound, encodings.upperBound].map {
      try exact(function, $0).binaryExponent
    }
    guard let binade = value.binaryExponent, binades == [binade, binade] else { return nil }
    let half = binade - 53
    let z = Double(bitPattern: middle)
    // One neighbour further, away from zero.
    let unit = Int(z.ulp.exponent)
    let isNegative = z < 0

    let sigmoid = Self.fraction(try exact(.sigmoid, middle), halfExponent: 0)
    let slope = Self.product(sigmoid, 0 &- sigmoid)
    // σ″ = σ′(1 − 2σ), with the sign apart.
    let skew = sigmoid >> 127 == 0 ? 0 &- (sigmoid << 1) : sigmoid << 1
    let isFalling = sigmoid >> 127 == 1
    let second = Self.product(slope, skew)
    let (σ, σ1) = (Self.double(sigmoid), Self.double(slope))
    let σ2 = σ1 * (1 - 2 * σ)
    let σ3 = σ1 * (1 - 6 * σ1)
    let σ4 = σ2 * (1 - 12 * σ1)
    let isSoftplus = function == .softplus
    constant = Self.fraction(value, halfExponent: half)
    let first = Self.shifted(isSoftplus ? sigmoid : slope, by: unit - half)
    linear = isNegative ? 0 &- first : first
    let bend = Self.shifted(isSoftplus ? slope : second, by: 2 * unit - half - 1)
    quadratic = !isSoftplus && isFalling ? 0 &- bend : bend
    let sign: Double = isNegative ? -1 : 1
    cubic = sign * scalbn((isSoftplus ? σ2 : σ3) / 6, 3 * unit - half)
    quartic = scalbn((isSoftplus ? σ3 : σ4) / 24, 4 * unit - half)
    let bending = scalbn((isSoftplus ? σ1 : σ2) / 2, 2 * unit - half)
    let width = Double(reach)
    let change = 3 * abs(cubic) * width + 6 * abs(quartic) * width * width
    curvature = (abs(bending) + change) * 1.001
    curvatureSign = abs(bending) <= change * 1.001 ? 0 : bending < 0 ? -1 : 1
  }

  /// The part after the point of the value at a neighbour of the middle.
  func value(at index: Int) -> UInt128 {
    let i = Double(index)
    let rest = i * i * i * (cubic + quartic * i)
    return constant &+ linear &* Self.wrapped(index) &+ quadratic &* Self.wrapped(index * index)
      &+ Self.wrapped(Int(rest * 0x1p78)) << 50
  }

  /// That of the derivative.
  func slope(at index: Int) -> UInt128 {
    let i = Double(index)
    let rest = i * i * (3 * cubic + 4 * quartic * i)
    return linear &+ quadratic &* Self.wrapped(2 * index) &+ Self.wrapped(Int(rest * 0x1p100)) << 28
  }

  private static func wrapped(_ number: Int) -> UInt128 { UInt128(truncatingIfNeeded: number) }

  private static func fraction(_ value: FloatValue, halfExponent: Int) -> UInt128 {
    shifted(value.significand, by: value.exponent - halfExponent + 128)
  }

  private static func shifted(_ number: UInt128, by exponent: Int) -> UInt128 {
    exponent >= 0 ? number << exponent : number >> -exponent
  }

  /// The product of two fractions.
  private static func product(_ a: UInt128, _ b: UInt128) -> UInt128 {
    a.multipliedFullWidth(by: b).high
  }

  private static func double(_ fraction: UInt128) -> Double { scalbn(Double(fraction), -128) }
}
