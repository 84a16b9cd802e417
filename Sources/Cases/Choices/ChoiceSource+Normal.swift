extension ChoiceSource {
  /// A deviate of the standard normal distribution.
  ///
  /// Algorithm N of C. Karney, "Sampling exactly from the normal distribution", ACM TOMS 42 (2016),
  /// with 53-bit uniform deviates. It compares and divides but calls no logarithm and no cosine,
  /// whose last bits differ from one platform's library to the next.
  public mutating func normal() -> Double {
    while true {
      // Step 1: k with probability proportional to e^(−k/2).
      var k = 0
      while isExponentialHalf() { k += 1 }
      // Step 2: keep it with probability e^(−k(k−1)/2).
      guard (0..<k * (k - 1)).allSatisfy({ _ in isExponentialHalf() }) else { continue }
      // Steps 3 and 4: x in [0, 1), kept with probability e^(−x(2k + x)/2).
      let x = unitInterval()
      guard (0...k).allSatisfy({ _ in isKept(x, k) }) else { continue }
      let magnitude = Double(k) + x
      return isNegative() ? -magnitude : magnitude
    }
  }

  /// True with probability e^(−1/2): von Neumann's method. The length of the falling run of
  /// deviates below 1/2 is even so often.
  private mutating func isExponentialHalf() -> Bool {
    var last = unitInterval()
    guard last < 0.5 else { return true }
    var isEven = false
    while true {
      let next = unitInterval()
      guard next < last else { return isEven }
      last = next
      isEven.toggle()
    }
  }

  /// True with probability e^(−x(2k + x)/(2k + 2)): Karney's Algorithm B.
  private mutating func isKept(_ x: Double, _ k: Int) -> Bool {
    var last = x
    var isEven = true
    let share = (Double(2 * k) + x) / Double(2 * k + 2)
    while true {
      let next = unitInterval()
      guard next < last, unitInterval() < share else { return isEven }
      last = next
      isEven.toggle()
    }
  }
}
