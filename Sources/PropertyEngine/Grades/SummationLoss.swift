/// What float32 or float64 loses of a long sum of exponentials in the orders that kernels take.
///
/// A tree of sums is off by log₂ K roundings at most. A loop, or one in each lane of a vector, may be off by K
/// of them, and mostly is off by few: a bound for the loop would pass a kernel that counts a hundred columns
/// too many. So the loops are run. Their loss depends on the last bits of the exponentials, which differ
/// between libraries: it is the largest of several runs with those bits changed.
struct SummationLoss {
  /// The addends, from the exponentials of a row.
  private let terms: [Double]
  private let total: Double

  /// Shorter sums are within what a tree is allowed.
  static let leastCount = 32
  private static let laneCount = 8
  private static let variations = 4

  init(of terms: [Double]) {
    self.terms = terms
    total = terms.reduce(0, +)
  }

  /// The largest loss that was seen, relative to the sum.
  func relative(unitRoundoff: Double) -> Double {
    guard terms.count >= Self.leastCount, total.isFinite, total > 0 else { return 0 }
    let isSingle = unitRoundoff > 0x1p-52
    return (0..<Self.variations).reduce(0) { loss, variation in
      max(
        loss,
        isSingle
          ? Self.loss(terms.map { Self.varied(Float($0), variation) })
          : Self.loss(terms.map { Self.varied($0, variation) }))
    }
  }

  /// A term with its last bit changed up or down, or not, as its own bits have it; 1 is exact.
  private static func varied<T: BinaryFloatingPoint>(_ term: T, _ variation: Int) -> T {
    guard variation > 0, term != 1, term > 0 else { return term }
    let bits = UInt64(truncatingIfNeeded: Double(term).bitPattern)
    let mixed = (bits >> 24 &+ UInt64(variation)) &* 0x9E37_79B9_7F4A_7C15
    return switch mixed >> 33 % 3 {
    case 0: term.nextDown
    case 1: term.nextUp
    default: term
    }
  }

  /// The loss of the sum from the first term on, from the last, and in lanes, relative to the sum.
  private static func loss<T: BinaryFloatingPoint>(_ terms: [T]) -> Double {
    var forwards = CompensatedSum<T>()
    var backwards = CompensatedSum<T>()
    var lanes = [CompensatedSum<T>](repeating: CompensatedSum(), count: laneCount)
    for index in terms.indices {
      forwards.add(terms[index])
      backwards.add(terms[terms.count - 1 - index])
      lanes[index % laneCount].add(terms[index])
    }
    let inLanes = lanes.reduce(0) { $0 + $1.loss }
    let greatest = max(forwards.loss.magnitude, backwards.loss.magnitude, inLanes.magnitude)
    return greatest / Double(forwards.sum)
  }
}

/// A sum, and what its roundings have lost.
struct CompensatedSum<T: BinaryFloatingPoint> {
  private(set) var sum: T = 0
  private(set) var loss = 0.0

  @inline(__always)
  mutating func add(_ term: T) {
    // Knuth's exact error of an addition (The Art of Computer Programming 2, 4.2.2).
    let next = sum + term
    let part = next - sum
    loss += Double((sum - (next - part)) + (term - part))
    sum = next
  }
}
