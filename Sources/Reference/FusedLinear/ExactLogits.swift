internal import FloatFormats
package import LossFunctions
internal import Multiprecision

/// The logits Σ h_k·w_ck + b_c of one row, exactly: integers of 640 bits, in units of 2⁻²⁹⁸, the least bit of a
/// product of float32 numbers. The greatest product is below 2²⁵⁶.
///
/// So they are dyadic rationals, and all that Lindemann and Weierstrass say of a row of logits holds of them.
final class ExactLogits: Sendable {
  let count: Int
  /// The limbs of each class, the lowest first, in two's complement.
  private let limbs: [UInt64]
  private let isMasked: [Bool]

  private static let limbCount = 10
  private static let leastExponent = -298

  init(_ input: LinearInput, row: Int) {
    count = input.classCount
    var limbs = [UInt64](repeating: 0, count: count * Self.limbCount)
    isMasked = input.bias.map { $0.map { $0 == -.infinity } } ?? []
    let width = input.width
    let hidden = input.hidden[row * width..<(row + 1) * width].map { Self.parts($0) }
    let biasParts = Self.parts(1)
    for index in 0..<count {
      input.weight.withUnsafeBufferPointer { weight in
        for k in 0..<width where hidden[k].significand != 0 {
          Self.add(hidden[k], Self.parts(weight[index * width + k]), to: index, of: &limbs)
        }
      }
      if let bias = input.bias, bias[index].isFinite {
        Self.add(Self.parts(bias[index]), biasParts, to: index, of: &limbs)
      }
    }
    self.limbs = limbs
  }

  private typealias Parts = (significand: Int64, exponent: Int)

  /// A finite number as ±significand·2^exponent.
  private static func parts(_ number: Float) -> Parts {
    let bits = number.bitPattern
    let field = Int(bits >> 23 & 0xFF)
    let magnitude = Int64(bits & 0x7F_FFFF) | (field == 0 ? 0 : 1 << 23)
    return (bits >> 31 == 0 ? magnitude : -magnitude, max(field, 1) - 150)
  }

  private static func add(
    _ a: Parts, _ b: Parts, to index: Int, of limbs: inout [UInt64]
  ) {
    let product = a.significand * b.significand
    guard product != 0 else { return }
    let shift = a.exponent + b.exponent - leastExponent
    let magnitude = UInt128(product.magnitude) << (shift & 63)
    var words = (UInt64(truncatingIfNeeded: magnitude), UInt64(truncatingIfNeeded: magnitude >> 64))
    var place = index * limbCount + shift >> 6
    let end = (index + 1) * limbCount
    var carry = false
    while place < end, words.0 != 0 || words.1 != 0 || carry {
      let (first, firstCarry) =
        product > 0
        ? limbs[place].addingReportingOverflow(words.0)
        : limbs[place].subtractingReportingOverflow(words.0)
      let (second, secondCarry) =
        product > 0
        ? first.addingReportingOverflow(carry ? 1 : 0)
        : first.subtractingReportingOverflow(carry ? 1 : 0)
      limbs[place] = second
      carry = firstCarry || secondCarry
      words = (words.1, 0)
      place += 1
    }
  }

  /// Whether the logit of a class is −∞.
  func isMasked(_ index: Int) -> Bool { !isMasked.isEmpty && isMasked[index] }

  /// The limb of a class, so ordered that the numbers are ordered as their limbs are.
  private func limb(_ index: Int, _ place: Int) -> UInt64 {
    let limb = limbs[index * Self.limbCount + place]
    return place == Self.limbCount - 1 ? limb ^ (1 << 63) : limb
  }

  /// −1, 0 or 1 as one finite logit is less than another, equal or greater.
  func comparison(_ first: Int, _ second: Int) -> Int {
    for place in (0..<Self.limbCount).reversed() {
      let (a, b) = (limb(first, place), limb(second, place))
      if a != b { return a < b ? -1 : 1 }
    }
    return 0
  }

  /// −1, 0 or 1, the sign of a finite logit.
  func signum(_ index: Int) -> Int {
    let places = index * Self.limbCount..<(index + 1) * Self.limbCount
    if limbs[places.upperBound - 1] >> 63 == 1 { return -1 }
    return limbs[places].allSatisfy { $0 == 0 } ? 0 : 1
  }

  /// An exponent that no finite logit's binary exponent is above; nil where all are 0.
  var greatestExponent: Int? {
    var greatest: Int?
    for start in stride(from: 0, to: limbs.count, by: Self.limbCount) {
      let sign = UInt64(bitPattern: Int64(bitPattern: limbs[start + Self.limbCount - 1]) >> 63)
      // Of a negative number the bits that differ from its sign's, and one more for −2^k.
      guard
        let place = (0..<Self.limbCount).last(where: { limbs[start + $0] != sign })
          ?? (sign == 0 ? nil : 0)
      else { continue }
      let bits = 64 - (limbs[start + place] ^ sign).leadingZeroBitCount
      let exponent = 64 * place + bits + Self.leastExponent
      greatest = max(greatest ?? exponent, exponent)
    }
    return greatest
  }

  /// The finite logits in descending order, those of one number together.
  ///
  /// - Complexity: O(n log n).
  var groups: [[Int]] {
    let order = (0..<count).filter { !isMasked($0) }.sorted { first, second in
      let order = comparison(first, second)
      return order == 0 ? first < second : order > 0
    }
    var groups: [[Int]] = []
    for index in order {
      if let first = groups.last?.first, comparison(first, index) == 0 {
        groups[groups.count - 1].append(index)
      } else {
        groups.append([index])
      }
    }
    return groups
  }

  /// The finite logit of a class.
  func value(_ index: Int) -> BigFloat {
    var words = Array(limbs[index * Self.limbCount..<(index + 1) * Self.limbCount])
    let isNegative = words[Self.limbCount - 1] >> 63 == 1
    if isNegative {
      var carry = true
      for place in words.indices {
        (words[place], carry) = (~words[place]).addingReportingOverflow(carry ? 1 : 0)
      }
    }
    var result = BigFloat(0)
    for place in stride(from: 0, to: Self.limbCount, by: 2) {
      let part = UInt128(words[place + 1]) << 64 | UInt128(words[place])
      guard part != 0 else { continue }
      result = .exactSum(
        result,
        BigFloat(
          isNegative: isNegative, significand: part, exponent: 64 * place + Self.leastExponent))
    }
    return result
  }
}

extension Reference {
  /// The exact logits of a row of a linear layer, to some digits; `-inf` of a masked class.
  package func logitTexts(of input: LinearInput, row: Int, digits: Int) -> [String] {
    let logits = ExactLogits(input, row: row)
    return (0..<logits.count).map { index in
      if input.bias?[index] == -.infinity { return "-inf" }
      let digits = logits.value(index).decimalDigits(count: digits, rounding: .nearestEven)
      return digits?.text ?? "0"
    }
  }
}
