import Cases
import FloatFormats
import Multiprecision
import TestSupport
import Testing

@testable import Reference

@Suite struct `Enclosures in double-double arithmetic` {
  /// A pair with an error of up to a millionth of it, or none.
  private static func ball(_ choices: inout ChoiceSource, isPositive: Bool) -> Ball {
    let exponent = choices.integer(in: -60...60)
    var high = Double(sign: .plus, exponent: exponent, significand: 1 + choices.unitInterval())
    if !isPositive, choices.integer(in: 0...1) == 1 { high = -high }
    let low = (choices.unitInterval() - 0.5) * high.ulp
    let error =
      choices.integer(in: 0...2) == 0 ? 0 : high.magnitude * choices.unitInterval() * 0x1p-20
    var ball = Ball(high)
    (ball.low, ball.error) = (low, error)
    return ball
  }

  private static let signs = [-1.0, 1]

  /// An end of one: high + low − error or high + low + error.
  private static func end(_ ball: Ball, _ sign: Double) -> BigFloat {
    .exactSum(
      .exactSum(BigFloat(FloatValue(ball.high)), BigFloat(FloatValue(ball.low))),
      BigFloat(FloatValue(sign * ball.error)))
  }

  private static func contains(_ ball: Ball, _ value: borrowing BigFloat) -> Bool {
    !value.isLess(than: end(ball, -1)) && !end(ball, 1).isLess(than: value)
  }

  @Test func `hold all sums, differences and products of what their operands hold`() {
    var choices = TestSeed.choices("balls")
    for _ in 0..<TestSeed.count(2000) {
      let a = Self.ball(&choices, isPositive: false)
      let b = Self.ball(&choices, isPositive: false)
      let (sum, difference, product) = (a + b, a - b, a * b)
      for (s, t) in Self.signs.flatMap({ s in Self.signs.map { (s, $0) } }) {
        let (holdsSum, holdsDifference, holdsProduct) = (
          Self.contains(sum, .exactSum(Self.end(a, s), Self.end(b, t))),
          Self.contains(difference, .exactSum(Self.end(a, s), Self.end(-b, t))),
          Self.contains(product, .exactProduct(Self.end(a, s), Self.end(b, t)))
        )
        #expect(holdsSum && holdsDifference && holdsProduct, "\(a), \(b)")
      }
    }
  }

  @Test func `hold all quotients of what their operands hold`() {
    var choices = TestSeed.choices("quotients of balls")
    for _ in 0..<TestSeed.count(2000) {
      let a = Self.ball(&choices, isPositive: false)
      let b = Self.ball(&choices, isPositive: true)
      let quotient = a / b
      for (s, t) in Self.signs.flatMap({ s in Self.signs.map { (s, $0) } }) {
        // l ≤ x/y ≤ u where y is positive.
        let x = Self.end(a, s)
        let y = Self.end(b, t)
        let least = BigFloat.exactProduct(Self.end(quotient, -1), y)
        let greatest = BigFloat.exactProduct(Self.end(quotient, 1), y)
        let isHeld = !x.isLess(than: least) && !greatest.isLess(than: x)
        #expect(isHeld, "\(a) / \(b)")
      }
    }
  }

  @Test func `are no wider than a rounding where the operands are exact`() {
    var choices = TestSeed.choices("exact balls")
    for _ in 0..<TestSeed.count(500) {
      let (x, y) = (Ball(choices.unitInterval() + 0.5), Ball(choices.unitInterval() + 0.5))
      for result in [x + y, x * y, x / y] {
        #expect(result.error <= result.high.magnitude * 0x1p-99)
      }
    }
  }
}
