internal import FloatFormats
internal import Reference

/// The inputs of a sweep by their numbers: the encoding of the logit, or that of the first of two and then
/// that of the second. And the values where one is not ordinary, which depend on the kinds of all alone.
struct SweepInputs: Sendable {
  private let subject: SweepSubject
  private let isPair: Bool
  private let bitCount: UInt64
  /// All numbers of a format of fewer than 32 bits, by their encodings.
  private let numbers: [Float]
  private let limits: [[Float]]

  init(_ subject: SweepSubject, _ format: FloatFormat) throws(ReferenceError) {
    self.subject = subject
    isPair = subject.classCount > 1
    bitCount = UInt64(format.bitCount)
    numbers =
      format == .float32
      ? [] : (0..<UInt128(1) << bitCount).map { Float(format.decode($0).double) }
    let kinds = subject.kinds
    var limits: [[Float]] = []
    for first in isPair ? kinds : [1] {
      for last in kinds {
        let logits = isPair ? [first, last] : [last]
        limits.append(try subject.exact(logits, in: format).map { Float($0.value.double) })
      }
    }
    self.limits = limits
  }

  /// The last logit of an input.
  func logit(_ index: UInt64) -> Float {
    numbers.isEmpty
      ? Float(bitPattern: UInt32(truncatingIfNeeded: index))
      : numbers[Int(index & (1 << bitCount - 1))]
  }

  /// Puts the last logits of consecutive inputs, none of which begins another first logit's, into `logits`.
  func fill(_ logits: inout [Float], from first: UInt64) {
    if numbers.isEmpty {
      let start = UInt32(truncatingIfNeeded: first)
      for i in logits.indices { logits[i] = Float(bitPattern: start &+ UInt32(i)) }
    } else {
      let start = Int(first & (1 << bitCount - 1))
      logits.replaceSubrange(0..<logits.count, with: numbers[start..<start + logits.count])
    }
  }

  /// All logits of an input.
  func logits(at index: UInt64) -> [Float] {
    isPair ? [logit(index >> bitCount), logit(index)] : [logit(index)]
  }

  /// Whether the value of a number is real, and of the sign of all such: where it is a finite logit, a probability
  /// between 0 and 1, or the logarithm of one.
  func isOrdinary(_ number: Float) -> Bool { subject.kind(number) == 0 }

  /// The values of an input of which a number is not ordinary.
  func limits(at index: UInt64) -> [Float] {
    limits[
      (isPair ? 4 * subject.kind(logit(index >> bitCount)) : 0) + subject.kind(logit(index))]
  }
}
