internal import Foundation
internal import LossFunctions

/// The search for hard float64 logits: there are too many to go through them one by one.
///
/// Neighbours are taken 2¹⁸ at a time. Among so few the function is a line but for a small curve, so its values
/// modulo half an ulp are the multiples of a slope, and ``firstMultiple(of:modulo:from:through:below:)`` finds
/// the first that comes near a breakpoint without computing those before. No hard logit is missed: what the curve
/// can add widens the range that is looked for, and each logit found so is looked at again.
struct LinearSearch {
  let search: HardInputSearch
  /// log₂ of the neighbours that are taken for a line. So many make the search cheapest: with more of them the curve
  /// makes most of those found false.
  private static let stretchBits = 18
  private static let modulus: UInt64 = 1 << 63

  /// The blocks that cover the logits between two of the same sign, both included.
  static func blocks(from low: UInt64, through high: UInt64) -> [ClosedRange<UInt64>] {
    var blocks: [ClosedRange<UInt64>] = []
    var start = low
    while start <= high {
      // Neighbours are equally far apart within a binade, and a block is at most 2⁻²² wide.
      let exponent = Int(Double(bitPattern: start).exponent)
      let count = UInt64(1) << UInt64(min(30, max(0, 30 - exponent)))
      let end = min(high, start | (count - 1))
      blocks.append(start...end)
      start = end + 1
    }
    return blocks
  }

  /// The hard logits of a block.
  func hardInputs(in encodings: ClosedRange<UInt64>) throws -> [HardInput] {
    guard encodings.count > 1 else {
      return try search.confirmed([Double(bitPattern: encodings.lowerBound)]).map { [$0] } ?? []
    }
    guard let block = try TaylorBlock(search.function, encodings: encodings) else {
      let middle = encodings.lowerBound + (encodings.upperBound - encodings.lowerBound) / 2
      return try hardInputs(in: encodings.lowerBound...middle)
        + hardInputs(in: middle + 1...encodings.upperBound)
    }
    var hard: [HardInput] = []
    let first = -Int(block.middle - encodings.lowerBound)
    let last = Int(encodings.upperBound - block.middle)
    for start in stride(from: first, through: last, by: 1 << Self.stretchBits) {
      let end = min(last + 1, start + 1 << Self.stretchBits)
      try forEachCandidate(from: start, to: end, in: block) { index in
        let encoding = index < 0 ? block.middle - UInt64(-index) : block.middle + UInt64(index)
        if let input = try search.confirmed([Double(bitPattern: encoding)]) { hard.append(input) }
      }
    }
    return hard
  }

  private func forEachCandidate(
    from start: Int, to end: Int, in block: TaylorBlock, _ body: (Int) throws -> Void
  ) rethrows {
    let count = end - start
    // In half ulps, with what the polynomial and the fractions of 63 bits may be wrong by.
    let near = exp2(1 - Double(search.bits)) + 0x1p-44
    // P(j) − line(j) = c·(j² − count·j), which lies between −c·count²/4 and 0.
    let bend = block.curvature * Double(count * count) / 4
    let below = UInt64((near + (block.curvatureSign > 0 ? 0 : bend)) * 0x1p63)
    let above = UInt64((near + (block.curvatureSign < 0 ? 0 : bend)) * 0x1p63)
    let step = UInt64(block.slope(at: start + count / 2) >> 65)
    var value = UInt64(block.value(at: start) >> 65)
    var position = start
    while position < end {
      let low = (Self.modulus - below &- value) & (Self.modulus - 1)
      let high = low + below + above
      var skipped: UInt64 = 0
      if high < Self.modulus {
        guard
          let next = firstMultiple(
            of: step, modulo: Self.modulus, from: low, through: high, below: UInt64(end - position))
        else { return }
        skipped = next
      }
      position += Int(skipped)
      let distance = Int128(truncatingIfNeeded: block.value(at: position))
      if abs(scalbn(Double(distance), -128)) <= near { try body(position) }
      position += 1
      value = (value &+ step &* (skipped + 1)) & (Self.modulus - 1)
    }
  }
}
