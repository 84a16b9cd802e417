/// What families draw from: a sequence of integer choices, each between 0 and a bound.
///
/// Everything random is made of `choice(below:)`, smaller choices standing for simpler cases, so
/// that a recorded sequence can be replayed, or changed and replayed, through the same family: the
/// way Hypothesis shrinks (D. MacIver and A. Donaldson, "Test-case reduction via test-case
/// generation", ECOOP 2020).
public struct ChoiceSource: Sendable {
  private var random: RandomSource

  /// Choices made by a random stream.
  public init(_ random: RandomSource) {
    self.random = random
  }

  /// An integer in 0 ..< `bound`, each as likely; 0 for a bound of 0 or 1.
  ///
  /// Lemire's multiplication with rejection, "Fast random integer generation in an interval", ACM
  /// TOMACS 29 (2019): without bias.
  public mutating func choice(below bound: UInt64) -> UInt64 {
    guard bound > 1 else { return 0 }
    let threshold = (0 &- bound) % bound
    while true {
      let (high, low) = random.next().multipliedFullWidth(by: bound)
      if low >= threshold { return high }
    }
  }

  /// 64 bits.
  public mutating func bits() -> UInt64 { random.next() }
}

extension ChoiceSource {
  /// An integer of a range, each as likely.
  public mutating func integer(in range: ClosedRange<Int>) -> Int {
    let width = UInt64(range.upperBound - range.lowerBound)
    return range.lowerBound + Int(choice(below: width + 1))
  }

  /// True once in `count` times.
  public mutating func oneIn(_ count: Int) -> Bool {
    choice(below: UInt64(max(count, 1))) == 0
  }

  /// A sign, as likely as the other.
  public mutating func isNegative() -> Bool { choice(below: 2) == 1 }

  /// An element of a list that is not empty.
  public mutating func element<T>(of list: [T]) -> T {
    list[Int(choice(below: UInt64(list.count)))]
  }

  /// A multiple of 2⁻⁵³ in [0, 1), each as likely.
  public mutating func unitInterval() -> Double {
    Double(choice(below: 1 << 53)) * 0x1p-53
  }
}
