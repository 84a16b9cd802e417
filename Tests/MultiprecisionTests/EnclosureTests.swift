import Cases
import Multiprecision
import TestSupport
import Testing

@Suite struct `An enclosure` {
  @Test(arguments: [IncreasingFunction.exponential, .logarithmOnePlus, .hyperbolicTangent])
  func `of a function holds its value at every higher precision`(function: IncreasingFunction) {
    var choices = TestSeed.choices("inclusion")
    for _ in 0..<500 {
      let significand = UInt128(choices.bits() | 1)
      let exponent = choices.integer(in: -90...(-58))
      let x = BigFloat(isNegative: false, significand: significand, exponent: exponent)
      var narrow = Enclosure(x)
      narrow.apply(function, precision: choices.integer(in: 2...60))
      var wide = Enclosure(x)
      wide.apply(function, precision: 200)
      // Strictly inside: both are open.
      let isInside = narrow.lower.isLess(than: wide.lower) && wide.upper.isLess(than: narrow.upper)
      #expect(isInside, "\(function) of \(significand)p\(exponent)")
    }
  }

  @Test func `of an exact result is that point`() {
    var sum = Enclosure(3)
    sum.add(Enclosure(4))
    let sumBounds = point(sum)
    #expect(sumBounds == 7)
    let quotient = Enclosure.quotient(BigFloat(1), BigFloat(4), precision: 10)
    let share = point(quotient)
    #expect(share == 0.25)
    var exponential = Enclosure(0)
    exponential.apply(.exponential, precision: 20)
    let power = point(exponential)
    #expect(power == 1)
  }

  @Test func `of an inexact result is open around it`() {
    let third = Enclosure.quotient(BigFloat(1), BigFloat(3), precision: 10)
    let value = point(third)
    #expect(value == nil)
    let bounds = [third.lower.double, third.upper.double]
    #expect(3 * bounds[0] < 1 && 3 * bounds[1] > 1)
  }

  @Test func `of a product has the corners of all sign combinations`() {
    for a in -3...3 {
      for b in a...3 {
        for c in -3...3 {
          for d in c...3 {
            var product = interval(a, b)
            product.multiply(by: interval(c, d), precision: 20)
            let corners = [a * c, a * d, b * c, b * d]
            let bounds = [Int(product.lower.double), Int(product.upper.double)]
            #expect(bounds == [corners.min(), corners.max()], "[\(a), \(b)] × [\(c), \(d)]")
          }
        }
      }
    }
  }

  @Test func `of a quotient has the corners of all sign combinations`() {
    for a in -3...3 {
      for b in a...3 {
        var quotient = interval(a, b)
        quotient.divide(by: interval(2, 4), precision: 20)
        let corners = [a, b].flatMap { [Double($0) / 2, Double($0) / 4] }
        let bounds = [quotient.lower.double, quotient.upper.double]
        #expect(bounds == [corners.min(), corners.max()], "[\(a), \(b)]")
      }
    }
  }

  @Test func `that has underflowed is open at zero and has a sign`() {
    var tiny = Enclosure(BigFloat(isNegative: true, significand: 1, exponent: 1000))
    tiny.apply(.exponential, precision: 53)
    let (isOpenAtZero, sign) = (tiny.lower.isZero && !tiny.upper.isZero, tiny.signum)
    #expect(isOpenAtZero)
    #expect(sign == 1)
  }

  @Test func `of a power is the power's`() {
    var eight = Enclosure(2)
    eight.raise(to: BigFloat(3), precision: 60)
    let bounds = [eight.lower.double, eight.upper.double]
    #expect(bounds[0] <= 8 && bounds[1] >= 8)
    #expect(bounds[1] - bounds[0] < 1e-14)
  }

  @Test func `has inner bounds strictly inside, even between neighbours`() {
    let one = BigFloat(1)
    var narrow = Enclosure(one)
    narrow.apply(.exponential, precision: 5)
    let inner = narrow.innerBounds()
    let isInside =
      narrow.lower.isLess(than: inner.lower) && inner.upper.isLess(than: narrow.upper)
    let isOrdered = !inner.upper.isLess(than: inner.lower)
    #expect(isInside && isOrdered)
  }

  private func point(_ enclosure: borrowing Enclosure) -> Double? {
    enclosure.isPoint ? enclosure.lower.double : nil
  }

  private func interval(_ low: Int, _ high: Int) -> Enclosure {
    Enclosure(lower: BigFloat(low), upper: BigFloat(high))
  }
}
