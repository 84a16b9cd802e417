// Numbers that get shorter as their choices get smaller, for shrinking: an integer near its start,
// a fraction of few bits.

extension ChoiceSource {
  /// `bitCount` bits, each pattern as likely, of which small choices set only the leading ones: 1
  /// makes 100…, 2 makes 010…, 3 makes 110….
  mutating func leadingBits(_ bitCount: Int) -> UInt128 {
    // The bound of a choice has 64 bits, so more bits take a second choice, for the trailing ones.
    let leadingCount = min(bitCount, 62)
    guard leadingCount > 0 else { return 0 }
    let leading = UInt128(leadingWord(leadingCount))
    guard bitCount > leadingCount else { return leading }
    let trailingCount = bitCount - leadingCount
    return leading << trailingCount | leadingBits(trailingCount)
  }

  /// As `leadingBits`, of at most 62.
  @inline(__always) private mutating func leadingWord(_ bitCount: Int) -> UInt64 {
    choice(below: 1 << UInt64(bitCount)).bitsReversed >> UInt64(64 - bitCount)
  }

  /// A multiple of 2⁻⁵² in [0, 1), each as likely, of few bits for small choices: 0, 1/2, 1/4, 3/4.
  @inline(__always) mutating func fraction() -> Double { Double(leadingWord(52)) * 0x1p-52 }

  /// A number in [0, `limit`), evenly spread: a whole part and a fraction.
  @inline(__always) mutating func magnitude(below limit: Int) -> Double {
    Double(choice(below: UInt64(max(limit, 1)))) + fraction()
  }

  /// An integer of a range, each as likely, that small choices leave near `start`: with the range
  /// −2 ... 3, starting from 0, it is 0, 1, −1, 2, −2, 3 for the choices 0 to 5.
  mutating func integer(in range: ClosedRange<Int>, from start: Int) -> Int {
    let start = min(max(start, range.lowerBound), range.upperBound)
    let above = range.upperBound - start
    let below = start - range.lowerBound
    let choice = Int(choice(below: UInt64(above + below + 1)))
    let shared = min(above, below)
    guard choice > 2 * shared else {
      return choice.isMultiple(of: 2) ? start - choice / 2 : start + (choice + 1) / 2
    }
    return above > below ? start + choice - shared : start - (choice - shared)
  }

  /// An integer from −`limit` to `limit`, each as likely: 0, 1, −1, 2, … as the choice grows.
  mutating func integer(within limit: Int) -> Int { integer(in: -limit...limit, from: 0) }

  /// A deviate of nearly the standard normal distribution, in three choices.
  ///
  /// On each of the steps between multiples of 1/32 the density is constant, that of the normal
  /// distribution in the middle of the step. `normal()` is exact, and rejects: how many choices it
  /// takes depends on them, so that to shrink one of them would change what the others mean.
  @inline(__always) mutating func steppedNormal() -> Double {
    let steps = NormalSteps.shared
    let step = steps.step(of: choice(below: steps.total))
    let magnitude = (Double(step) + fraction()) / 32
    // A branch on the sign would be guessed wrong half the time.
    return Double(bitPattern: magnitude.bitPattern | choice(below: 2) << 63)
  }
}

extension UInt64 {
  /// The bits from the last to the first.
  fileprivate var bitsReversed: UInt64 {
    var bits = byteSwapped
    bits = bits >> 4 & 0x0F0F_0F0F_0F0F_0F0F | (bits & 0x0F0F_0F0F_0F0F_0F0F) << 4
    bits = bits >> 2 & 0x3333_3333_3333_3333 | (bits & 0x3333_3333_3333_3333) << 2
    return bits >> 1 & 0x5555_5555_5555_5555 | (bits & 0x5555_5555_5555_5555) << 1
  }
}
