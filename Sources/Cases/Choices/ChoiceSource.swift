/// What families draw from: a sequence of integer choices, each between 0 and a bound.
///
/// Everything random is made of `choice(below:)`, smaller choices standing for simpler cases, so
/// that a recorded sequence can be replayed, or changed and replayed, through the same family: the
/// way Hypothesis shrinks (D. MacIver and A. Donaldson, "Test-case reduction via test-case
/// generation", ECOOP 2020).
public struct ChoiceSource: Sendable {
  /// Where random choices come from.
  private(set) var random: RandomSource
  /// The choices that are given, the next one last; nil where they are random.
  private var given: [UInt64]?
  /// The choices made so far, in order; empty unless the source records.
  public private(set) var record: [Choice] = []
  private let isPlain: Bool

  /// Choices made by a random stream.
  ///
  /// - Parameter isRecording: Whether `record` is kept.
  public init(_ random: RandomSource, isRecording: Bool = false) {
    self.random = random
    isPlain = !isRecording
  }

  /// Given choices, recorded as they are used.
  ///
  /// One that is out of its bounds counts as the greatest allowed, and one past the end as 0: every
  /// sequence makes a case, the simplest in what it does not say.
  public init(replaying choices: [UInt64]) {
    random = RandomSource(seed: 0)
    given = choices.reversed()
    isPlain = false
  }

  /// Goes on with the choices of another random stream, where it makes its own.
  mutating func turn(to random: RandomSource) { self.random = random }

  /// An integer in 0 ..< `bound`, each as likely; 0 for a bound of 0 or 1.
  @inline(__always) public mutating func choice(below bound: UInt64) -> UInt64 {
    guard bound > 1 else { return 0 }
    return choice(upTo: bound - 1)
  }

  /// 64 bits.
  public mutating func bits() -> UInt64 { choice(upTo: .max) }

  @inline(__always) private mutating func choice(upTo greatest: UInt64) -> UInt64 {
    isPlain ? random.next(upTo: greatest) : recordedChoice(upTo: greatest)
  }

  @inline(never) private mutating func recordedChoice(upTo greatest: UInt64) -> UInt64 {
    let value =
      given == nil ? random.next(upTo: greatest) : min(given?.popLast() ?? 0, greatest)
    record.append(Choice(value: value, greatest: greatest))
    return value
  }
}

/// One choice that was made.
public struct Choice: Hashable, Sendable {
  /// What was chosen.
  public let value: UInt64
  /// The greatest that could have been.
  public let greatest: UInt64
}

extension RandomSource {
  /// An integer in 0 ... `greatest`, each as likely.
  ///
  /// Lemire's multiplication with rejection, "Fast random integer generation in an interval", ACM
  /// TOMACS 29 (2019): without bias.
  @inline(__always) fileprivate mutating func next(upTo greatest: UInt64) -> UInt64 {
    guard greatest < .max else { return next() }
    let bound = greatest + 1
    var (high, low) = next().multipliedFullWidth(by: bound)
    // What is rejected is below 2⁶⁴ mod `bound`, so mostly there is no need to divide.
    if low < bound {
      let threshold = (0 &- bound) % bound
      while low < threshold { (high, low) = next().multipliedFullWidth(by: bound) }
    }
    return high
  }
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
