internal import FloatFormats
internal import Foundation
internal import LossFunctions
internal import LossOracle

/// An input whose exact value lies so near to a breakpoint that a computed value must be very good to
/// tell the side.
struct HardInput: Sendable {
  let logits: [Double]
  let value: FloatValue
  let isMidpoint: Bool
  /// The signed distance in ulps.
  let distance: Double

  /// A line of the table.
  func line(of function: LossFunction, in format: FloatFormat) -> String {
    let hexadecimal = logits.map { FloatValue($0).hexadecimal }.joined(separator: " ")
    let decimal = logits.map { format.shortestDecimal(FloatValue($0)) }.joined(separator: " ")
    let kind = isMidpoint ? "midpoint" : "number"
    let side = distance < 0 ? "below" : "above"
    let bits = String(format: "%.2f", log2(abs(distance)))
    return [
      function.rawValue, format.name, hexadecimal, decimal, value.hexadecimal, kind, side, bits,
    ].joined(separator: ",")
  }

  static let header =
    "function,format,logits,decimal,exact value,breakpoint,side,log2 of the distance in ulps"
}

/// The search for them: all inputs, through values that are correctly rounded to float64.
///
/// A float64 has 29 bits more than a float32. So the distance that it shows is wrong by at most half of
/// its own ulp, 2⁻³⁰ ulp of float32, and an input within 2^−n is none that shows more than 2^−n + 2⁻³⁰. What
/// remains is evaluated anew to 113 bits. (float64 itself is searched by ``LinearSearch``.)
struct HardInputSearch: Sendable {
  let function: LossFunction
  let space: InputSpace
  /// n: inputs within 2^−n ulp are hard.
  let bits: Int

  /// The hard inputs among some, and the number of those where the function is all but a polynomial.
  func search(_ range: Range<Int>) throws -> (hard: [HardInput], polynomialCount: Int) {
    let (classCount, format) = (space.classCount, space.format)
    var (logits, polynomialCount): ([Double], Int) = ([], 0)
    space.forEach(range) { first, last in
      guard !isPolynomial(at: last - (first ?? 0)) else {
        polynomialCount += 1
        return
      }
      if let first { logits.append(first) }
      logits.append(last)
    }
    let count = logits.count / classCount
    let outputCount = function.hasOutputPerClass ? classCount : 1
    var values = [Double](repeating: 0, count: count * outputCount)
    var span = values.mutableSpan
    _ = try Reference().fill(
      &span, function, logits: logits.span, classCount: classCount,
      targets: function.hasTarget ? [Int32](repeating: 0, count: count) : [])
    let limit = exp2(-Double(bits)) + exp2(-30)
    var hard: [HardInput] = []
    for row in 0..<count {
      // The other output of a pair is its mirror image.
      let value = values[row * outputCount]
      let ulpExponent = max(Int(value.exponent), format.leastExponent) - format.fractionBitCount
      let halves = scalbn(value, 1 - ulpExponent)
      guard abs(halves - halves.rounded()) <= 2 * limit else { continue }
      if let input = try confirmed(Array(logits[row * classCount..<(row + 1) * classCount])) {
        hard.append(input)
      }
    }
    return (hard, polynomialCount)
  }

  /// Whether log(1 + e^z) is within 2^−n ulp of z or 0, or 1/(1 + e^(−z)) of 0, 1 or 1/2 + z/4: no
  /// implementation needs more digits there, however near a breakpoint is.
  private func isPolynomial(at z: Double) -> Bool {
    let (least, precision) = (space.format.leastExponent, space.format.precision)
    let tolerance = exp2(-Double(bits))
    // log(1 + e^z) − z < e^(−z); what is below the least number is all but 0.
    if z < 0, exp(z) <= scalbn(tolerance, least - precision + 1) { return true }
    if [.softplus, .crossEntropy].contains(function) {
      return z > 0 && exp(-z) <= scalbn(tolerance, Int(z.exponent) - precision + 1)
    }
    // 1 − 1/(1 + e^(−z)) < e^(−z). The series at 0 alternates: the next term is −z³/48. Above 1/2 an ulp
    // is twice what it is below.
    let ulp = scalbn(tolerance, z > 0 ? -precision : -precision - 1)
    return (z > 0 && exp(-z) <= ulp) || abs(z * z * z) / 48 <= ulp
  }

  /// The input, if its exact value really is within 2^−n ulp of a breakpoint.
  func confirmed(_ logits: [Double]) throws -> HardInput? {
    let isBinary = function.isBinary
    let input = LossInput(
      logits: logits.map { FloatValue($0) },
      target: !function.hasTarget ? .none : isBinary ? .probabilities([.zero]) : .index(0))
    let exact = try Reference().evaluate(function, input, in: Breakpoint.wide)[0].value
    let breakpoint = Breakpoint(nearestTo: exact, in: space.format)
    let distance = breakpoint.distance.double
    guard abs(distance) <= exp2(-Double(bits)) else { return nil }
    return HardInput(
      logits: logits, value: exact, isMidpoint: breakpoint.isMidpoint, distance: distance)
  }
}
