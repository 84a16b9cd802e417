internal import FastKernels

/// A sum Σ aₖxᵏ of positive coefficients that do not grow, from a₀ ≤ 1 on, for |x| ≤ 1/16.
struct PowerSeries {
  private let coefficients: [Ball]

  private static let limit = 0x1p-4

  private init(_ coefficient: (Int) -> Ball) { coefficients = (0..<27).map(coefficient) }

  private func callAsFunction(_ x: Ball) -> Ball {
    var (sum, power) = (coefficients[0], x)
    for coefficient in coefficients.dropFirst() {
      sum = sum + coefficient * power
      if power.high.magnitude < 0x1p-106 { break }
      power = power * x
    }
    // The rest is below the next power over 1 − 1/16.
    sum.error += 2 * (power.high.magnitude + power.error)
    return sum
  }

  private static let exponential = PowerSeries { k in
    (1...k + 1).reduce(Ball(1)) { $0 / Ball(Double($1)) }
  }
  private static let logarithm = PowerSeries { Ball(1) / Ball(Double($0 + 2)) }
  private static let entropy = PowerSeries { Ball(1) / Ball(Double(($0 + 1) * (2 * $0 + 1))) }

  /// e^x − 1, nil beyond 1/16.
  static func expMinusOne(_ x: Ball) -> Ball? {
    x.high.magnitude < limit ? x * exponential(x) : nil
  }

  /// x − log(1 + x), positive, nil beyond 1/16.
  static func excessOverLogarithm(_ x: Ball) -> Ball? {
    x.high.magnitude < limit ? x * x * logarithm(-x) : nil
  }

  /// (1 + t)·log(1 + t) + (1 − t)·log(1 − t), positive, nil from 1/4 on: Σ t^2k/(k(2k − 1)).
  static func entropy(_ t: Ball) -> Ball? {
    let square = t * t
    return square.high < limit ? square * entropy(square) : nil
  }
}
