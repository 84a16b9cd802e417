import Cases
import FloatFormats
import LossFunctions
import Losses
import TestSupport
import Testing

@Suite struct `Rows in lockstep` {
  static let functions: [LossFunction] = [
    .crossEntropy, .crossEntropyGradient, .softmax, .logSoftmax, .logSumExp, .entropy,
  ]
  static let forms = Implementations.all.filter {
    functions.contains($0.function) && $0.gradOutput == .none
  }

  /// All logits that a first one is paired with: those near it, where comparisons turn, and others.
  private static func seconds(_ format: FloatFormat, _ first: UInt16) -> [Float] {
    let near = (0..<256).map { first &- 128 &+ UInt16($0) }
    let all = stride(from: 0, to: 1 << 16, by: 149).map { UInt16($0) }
    return (near + all).map { Float(format.decode(UInt128($0)).double) }
  }

  @Test(arguments: forms.indices)
  func `give what rows one by one do`(index: Int) throws {
    let form = Self.forms[index]
    var choices = TestSeed.choices("lockstep \(form.function) \(form.name)")
    let hasTarget = form.function.hasTarget
    for format in [FloatFormat.float16, .bfloat16] {
      for label in hasTarget ? [0, 1] : [nil] as [Int?] {
        let encoding = UInt16(truncatingIfNeeded: choices.bits())
        let first = Float(format.decode(UInt128(encoding)).double)
        let seconds = Self.seconds(format, encoding)
        let outputCount = form.function.outputCount(classCount: 2)
        let logits = seconds.flatMap { [Double(first), Double($0)] }
        let rows = LossRows(
          classCount: 2, logits: NumberColumn(format, doubles: logits),
          labels: label.map { [Int32](repeating: Int32($0), count: seconds.count) })
        let values = try #require(form.evaluate(rows, withBounds: false)).values.doubles
        for (i, second) in seconds.enumerated() {
          let input = LossInput(
            logits: [FloatValue(first), FloatValue(second)],
            target: label.map { .index($0) } ?? .none)
          let outputs = try #require(form.evaluate(input, in: format)).map(\.double)
          let filled = values[i * outputCount..<(i + 1) * outputCount]
          let isSame = zip(filled, outputs).allSatisfy {
            $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN)
          }
          #expect(
            isSame,
            "\(form.name) of (\(first), \(second)), \(label ?? -1), \(format): \(filled), not \(outputs)"
          )
        }
      }
    }
  }
}
