/// xoshiro256**, seeded by SplitMix64: the named generator behind every random case.
///
/// D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021);
/// SplitMix64 is Vigna's seeding from G. Steele et al., "Fast splittable pseudorandom number
/// generators" (2014). Integer arithmetic only, so the bits are the same on every platform. Swift's
/// own `random(in:using:)` does not promise that.
public struct RandomSource: Sendable {
  private(set) var state: (UInt64, UInt64, UInt64, UInt64)

  /// The stream of a seed.
  public init(seed: UInt64) {
    var seeding = SplitMix64(state: seed)
    state = (seeding.next(), seeding.next(), seeding.next(), seeding.next())
  }

  /// The stream that starts from a state.
  package init(state: (UInt64, UInt64, UInt64, UInt64)) {
    self.state = state
  }

  /// The stream of a seed and a path of names and numbers: see `RandomStreams`.
  public init(seed: UInt64, path: [String], index: Int = 0) {
    self = RandomStreams(seed: seed, path: path)[index]
  }

  /// The next 64 bits.
  @inline(__always) public mutating func next() -> UInt64 {
    let result = rotated(state.1 &* 5, by: 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotated(state.3, by: 45)
    return result
  }

  @inline(__always) private func rotated(_ bits: UInt64, by count: UInt64) -> UInt64 {
    bits << count | bits >> (64 - count)
  }
}

/// The streams of a seed and a path of names, one for each index: independent of what other streams
/// were drawn, so a case depends on its own name only.
///
/// The names, a zero byte after each, and the index are hashed with 64-bit FNV-1a, and the hash is
/// added to the seed after one step of SplitMix64.
struct RandomStreams: Sendable {
  private let seed: UInt64
  private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  init(seed: UInt64, path: [String]) {
    var mixing = SplitMix64(state: seed)
    self.seed = mixing.next()
    for name in path {
      for byte in name.utf8 { absorb(byte) }
      absorb(0)
    }
  }

  private mutating func absorb(_ byte: UInt8) {
    hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }

  subscript(index: Int) -> RandomSource {
    var whole = self
    var rest = UInt64(truncatingIfNeeded: index)
    for _ in 0..<8 {
      whole.absorb(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
    return RandomSource(seed: seed &+ whole.hash)
  }
}

/// The generator that spreads one 64-bit seed over xoshiro's state.
public struct SplitMix64: Sendable {
  private var state: UInt64

  /// The stream that starts from `state`.
  public init(state: UInt64) {
    self.state = state
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }
}
