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
      self[index] = self[index].exponential(LOPair(high: high[index], low: low[index]))
    }
  }
}

extension Ball {
  /// Σ f·e^−((d − L)/T) over some classes, and L/T, with L the least of their distances d; nil of no class.
  static func scaledSum(
    _ classes: some Collection<Int>, temperature: Ball, distance: (Int) -> Ball,
    factor: (Int) -> Ball
  ) -> (sum: Ball, least: Ball)? {
    var least: Ball?
    for index in classes {
      let own = distance(index)
      if least?.isAbove(own) ?? true { least = own }
    }
    guard let least else { return nil }
    var sum = Ball(0)
    for index in classes {
      let above = (distance(index) - least) / temperature
      sum = sum + factor(index) * (above.high < 0 ? Ball(1) : above.exponentialOfNegative)
    }
    return (sum, least / temperature)
  }

  /// e^−x for x ≥ 0, one number at a time.
  var exponentialOfNegative: Ball {
    var (pair, argument) = (LOPair(high: 0, low: 0), -high)
    lo_wide_exponentials(&argument, 1, 0, &pair.high, &pair.low)
    return exponential(pair)
  }

  /// The same, from what the kernel makes of −high.
  fileprivate func exponential(_ pair: LOPair) -> Ball {
    if isZero { return Ball(1) }
    let power = Ball(term: pair)
    if power.high < Ball.cut {
      // What is below e^−599 is below three times the cut.
      return high - error > 599 ? power : .unknown
    }
    guard error < 0x1p-20 else { return .unknown }
    // e^−x is e^−high·(1 − low + low²/2) but for |low|³ below 2⁻¹³⁰ and the error of x.
    let rest = LOPair.fastSum(1, -low + 0.5 * low * low)
    return power * Ball(rest, error: 0x1p-96 + error * (1 + 0x1p-18))
  }

  /// e^−x for x above 400, which the kernel may cut, in units of 2^`farExponent`: e^−400 times the rest.
  static func farExponential(_ x: Ball) -> Ball {
    (x - Ball(400)).exponentialOfNegative * farUnit
  }

  /// The binary exponent of e^−400.
  static let farExponent = -578

  /// e^−400 over 2^`farExponent`, of two factors that the kernel does not cut.
  private static let farUnit: Ball = {
    let root = Ball(200).exponentialOfNegative
    let scaled = Ball(
      LOPair(high: root.high * 0x1p289, low: root.low * 0x1p289), error: root.error * 0x1p289)
    return scaled * scaled
  }()
}
