internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import SmallFoundation

/// How simple a case is to a reader: fewer classes first, then shorter numbers, then smaller ones.
///
/// A well-founded order, so that shrinking ends: finitely many texts are shorter than a given one,
/// and of those of one length finitely many numbers of the format are smaller.
struct Simplicity: Comparable {
  private let classCount: Int
  private let textLength: Int
  private let magnitude: Double
  private let order: Int

  fileprivate init(
    _ input: LossInput, length: (FloatValue) -> Int
  ) {
    var numbers = input.logits + input.gradOutput.map { $0 == .one ? .zero : $0 }
    var label = 0
    switch input.target {
    case .none: break
    case .index(let index): label = index
    case .probabilities(let values), .logits(let values): numbers += values
    }
    classCount = input.logits.count
    textLength = numbers.reduce(0) { $0 + length($1) }
    magnitude = numbers.reduce(0) { $0 + min($1.double.magnitude, 1e300) }
    order = label
  }

  static func < (first: Simplicity, second: Simplicity) -> Bool {
    (first.classCount, first.textLength, first.magnitude, first.order)
      < (second.classCount, second.textLength, second.magnitude, second.order)
  }
}

/// Tells how simple cases are, and remembers the lengths of numbers, which take long to write out.
struct SimplicityScale {
  private let format: FloatFormat
  private var lengths: [FloatValue: Int] = [:]
  private static let greatestCount = 1 << 14

  init(_ format: FloatFormat) {
    self.format = format
  }

  /// How simple a case is.
  mutating func simplicity(of input: LossInput) -> Simplicity {
    Simplicity(input) { length(of: $0) }
  }

  /// The length of a number's shortest decimal, its sign included.
  private mutating func length(of value: FloatValue) -> Int {
    guard value != .zero else { return 0 }
    if let known = lengths[value] { return known }
    let length = format.shortestDecimal(value).utf8.count
    if lengths.count == Self.greatestCount { lengths.removeAll() }
    lengths[value] = length
    return length
  }
}

extension FloatFormat {
  /// Numbers that are simpler to read than `value`, the simplest first: 0, powers of ten, and the
  /// value cut to fewer and fewer digits, towards zero and away from it.
  func simplerNumbers(than value: FloatValue) -> [FloatValue] {
    guard value.isFinite, !value.isZero else { return value.isNegative ? [.zero] : [] }
    let magnitude = value.double.magnitude
    var candidates: [Double] = [0, 1, 2, 10, 100, 1000, 10000]
    let decade = magnitude > 0 ? pow(10, magnitude.exponentOfTen) : 0
    for digits in 0..<5 where decade > 0 && decade.isFinite {
      let scale = pow(10, Double(digits))
      let scaled = magnitude / decade * scale
      candidates += [scaled.rounded(.down), scaled.rounded(.up)].map { $0 / scale * decade }
    }
    candidates += [magnitude.rounded(.down), magnitude.rounded(.up), magnitude - 1, magnitude / 2]
    var numbers = candidates.flatMap { candidate in
      [candidate, -candidate].map { rounded(FloatValue($0), .nearestEven) }
    }
    // The same number with fewer bits: short in binary where no short decimal does.
    for bits in 1..<min(precision, 12) { numbers += [cut(value, toBits: bits)] }
    numbers.append(value.magnitude)
    return numbers.filter { $0.isFinite }
  }

  /// `value` with only the leading bits of its significand.
  private func cut(_ value: FloatValue, toBits bits: Int) -> FloatValue {
    let length = 128 - value.significand.leadingZeroBitCount
    let dropped = UInt128(max(length - bits, 0))
    return FloatValue(
      isNegative: value.isNegative, significand: (value.significand >> dropped) << dropped,
      exponent: value.exponent)
  }
}

extension Double {
  /// The exponent of the leading decimal digit.
  fileprivate var exponentOfTen: Double { log10(self).rounded(.down) }
}
