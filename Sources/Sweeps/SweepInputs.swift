internal import FloatFormats

/// The inputs of a sweep by their numbers: the encoding of the logit, or that of the first of two numbers and then
/// that of the second.
struct SweepInputs: Sendable {
  private let isPair: Bool
  private let bitCount: UInt64
  /// All numbers of a format of fewer than 32 bits, by their encodings.
  private let numbers: [Float]

  init(_ subject: SweepSubject, _ format: FloatFormat) {
    isPair = subject.numberCount > 1
    bitCount = UInt64(format.bitCount)
    numbers =
      format == .float32
      ? [] : (0..<UInt128(1) << bitCount).map { Float(format.decode($0).double) }
  }

  /// The last number of an input.
  func last(_ index: UInt64) -> Float {
    numbers.isEmpty
      ? Float(bitPattern: UInt32(truncatingIfNeeded: index))
      : numbers[Int(index & (1 << bitCount - 1))]
  }

  /// Puts the last numbers of consecutive inputs, none of which begins another first number's, into `lasts`.
  func fill(_ lasts: inout [Float], from first: UInt64) {
    if numbers.isEmpty {
      let start = UInt32(truncatingIfNeeded: first)
      for i in lasts.indices { lasts[i] = Float(bitPattern: start &+ UInt32(i)) }
    } else {
      let start = Int(first & (1 << bitCount - 1))
      lasts.replaceSubrange(0..<lasts.count, with: numbers[start..<start + lasts.count])
    }
  }

  /// All numbers of an input.
  func numbers(at index: UInt64) -> [Float] {
    isPair ? [last(index >> bitCount), last(index)] : [last(index)]
  }
}
