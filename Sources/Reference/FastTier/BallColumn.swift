internal import FastKernels

/// A column of balls in scratch memory, three numbers each.
struct BallColumn {
  private let numbers: UnsafeMutablePointer<Double>

  init(_ numbers: UnsafeMutablePointer<Double>) { self.numbers = numbers }

  subscript(index: Int) -> Ball {
    get {
      let place = numbers + 3 * index
      return Ball(LOPair(high: place[0], low: place[1]), error: place[2])
    }
    nonmutating set {
      let place = numbers + 3 * index
      (place[0], place[1], place[2]) = (newValue.high, newValue.low, newValue.error)
    }
  }
}

extension BallColumn {
  /// Puts e^−x in the place of each x, which is not below 0.
  ///
  /// - Parameter scratch: Room for three numbers for each.
  func exponentiate(_ count: Int, _ scratch: UnsafeMutablePointer<Double>) {
    let (high, low) = (scratch + count, scratch + 2 * count)
    for index in 0..<count { scratch[index] = -self[index].high }
    lo_wide_exponentials(scratch, count, 0, high, low)
    for index in 0..<count {
      let number = self[index]
      if number.isZero {
        self[index] = Ball(1)
        continue
      }
      let power = Ball(term: LOPair(high: high[index], low: low[index]))
      if power.high < Ball.cut {
        // What is below e^−599 is below three times the cut.
        self[index] = number.high - number.error > 599 ? power : .unknown
        continue
      }
      guard number.error < 0x1p-20 else {
        self[index] = .unknown
        continue
      }
      // e^−x is e^−high·(1 − low + low²/2) but for |low|³ below 2⁻¹³⁰ and the error of x.
      let rest = LOPair.fastSum(1, -number.low + 0.5 * number.low * number.low)
      self[index] = power * Ball(rest, error: 0x1p-96 + number.error * (1 + 0x1p-18))
    }
  }
}
