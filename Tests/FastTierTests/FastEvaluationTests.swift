import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@Suite struct `Values of the fast tier` {
  private static let formats =
    [FloatFormat.float64, .float32, .float16, .bfloat16]
    + ["float8_e4m3fn", "float8_e5m2", "e9m30"]
    .compactMap { FloatFormat(named: $0) }

  /// What both say of an input of every family.
  @Test(arguments: LossFunction.allCases)
  func `are those of MPFR, with their binades and errors`(function: LossFunction) throws {
    var servedCount = 0
    for format in Self.formats {
      var choices = TestSeed.choices("tiers \(function) \(format.name)")
      for index in 0..<TestSeed.count(600) {
        let classCount = function.isBinary ? 1 : [2, 3, 10][index % 3]
        let scale = [1, 8, 60, 700, 0x1p-12, 0x1p12][index / 3 % 6]
        let logits = (0..<classCount).map { _ -> FloatValue in
          let fraction = Double(choices.bits() >> 11) * 0x1p-52 - 1
          // Whole numbers make ties, midpoints and exact heads.
          let logit = index % 5 == 0 ? (fraction * scale).rounded() : fraction * scale
          return format.rounded(FloatValue(logit), .nearestEven)
        }
        let label = Int(choices.bits() % UInt64(function.isBinary ? 2 : classCount))
        let target: Target =
          if !function.hasTarget { .none } else if function.isBinary {
            .probabilities([FloatValue(Double(label))])
          } else { .index(label) }
        let input = LossInput(logits: logits, target: target)
        let exact = try Reference(usesFastTier: false).evaluate(function, input, in: format)
        let fast = try Reference().evaluate(function, input, in: format)
        servedCount += fast == exact ? 0 : 1
        for (a, b) in zip(fast, exact) {
          let text = "\(function) \(format.name) \(logits.map(\.hexadecimal)) \(target)"
          #expect(a.value == b.value && a.ulpExponent == b.ulpExponent, "\(text)")
          #expect(a.ground == b.ground, "\(text)")
          guard let near = a.approximation, let other = b.approximation else {
            #expect(a.approximation == nil && b.approximation == nil, "\(text)")
            continue
          }
          // Both are within 2^-15 ulp; ulps below those of float64 are none.
          guard a.ulpExponent > -1000 else { continue }
          let difference = BigFloat.exactDifference(BigFloat(near), BigFloat(other))
          let magnitude =
            difference.isNegative
            ? -difference.double(rounding: .up) : difference.double(rounding: .up)
          let ulps = magnitude / Double(sign: .plus, exponent: a.ulpExponent, significand: 1)
          #expect(ulps <= 0x1p-14, "\(text)")
        }
      }
    }
    // Most inputs are decided by the tier: their certificates differ in the precision.
    #expect(servedCount > Self.formats.count * TestSeed.count(600) / 2)
  }
}
