import FloatFormats
import FloatingPointEnvironment
import LossFunctions
import Multiprecision
import Reference
import Testing

/// What a host may have set: MXCSR's bits for flushed results, operands taken for 0, the directions, and
/// exceptions that trap.
private let settings: [(name: String, bits: UInt64, masked: Bool)] = [
  ("flush to zero", 0x8000, true), ("denormals are zero", 0x40, true), ("down", 0x2000, true),
  ("up", 0x4000, true), ("toward zero", 0x6000, true), ("all of it", 0xE040, true),
  ("unmasked exceptions", 0, false),
]

/// Runs `body` as a host with these settings would; its own numbers are of no account.
private func withSettings<Output>(_ index: Int, _ body: () throws -> Output) rethrows -> Output {
  let words = ControlWords.current()
  var changed = ControlWords.standard()
  // Invalid operations, divisions by 0 and overflows trap; all that is inexact would stop the test itself.
  changed.vector =
    (settings[index].masked ? changed.vector : changed.vector & ~0x680)
    | settings[index].bits
  changed.install()
  defer { words.install() }
  return try body()
}

#if arch(x86_64)
  @Suite struct `Under any floating-point environment` {
    private static let rows: [(LossFunction, LossInput)] = LossFunction.allCases.flatMap {
      function -> [(LossFunction, LossInput)] in
      let logits: [[Double]] =
        function.isBinary
        ? [[-87.5], [0.7], [-103.0], [1e-42], [90]]
        : [[-87.5, 0.25, 3], [0, -100, 1e-42], [1e-40, 1e30, -1e30], [0.1, 0.2, 0.3]]
      return logits.map { row in
        let numbers = row.map { FloatFormat.float32.rounded(FloatValue($0), .nearestEven) }
        let target: Target =
          function.comparesLogits
          ? .logits(numbers.indices.map { FloatValue(Double($0)) })
          : !function.hasTarget ? .none : function.isBinary ? .probabilities([.one]) : .index(1)
        let ones = function.gradOutputCount(classCount: row.count)
        return (
          function,
          LossInput(
            logits: numbers, target: target,
            gradOutput: (0..<ones).map {
              FloatValue(function.gradOutputKind == .partials ? 0.75 : 0.75 - Double($0))
            })
        )
      }
    }

    @Test(arguments: settings.indices)
    func `the oracle gives the same bits, and leaves the environment as it was`(index: Int) throws {
      for (function, row) in Self.rows {
        for format in [FloatFormat.float32, .float64, .bfloat16] {
          for direction in [RoundingDirection.nearestEven, .up] {
            let expected = try Reference().evaluate(function, row, in: format, rounding: direction)
            let (values, isKept) = try withSettings(index) {
              let before = ControlWords.current()
              let values = try Reference().evaluate(
                function, row, in: format, rounding: direction)
              let exact = try Reference(usesFastTier: false).evaluate(
                function, row, in: format, rounding: direction)
              let after = ControlWords.current()
              return ([values, exact], before.isSame(as: after))
            }
            #expect(values[0] == expected, "\(settings[index].name) \(function) \(format)")
            #expect(values[1].map(\.value) == expected.map(\.value))
            #expect(isKept)
          }
        }
      }
    }

    @Test(arguments: settings.indices)
    func `bulk values are the same on any number of threads`(index: Int) throws {
      let logits = (0..<2048).map { Float($0 - 1500) / 16 }
      func values(_ threadCount: Int) throws -> [UInt32] {
        var outputs = [Float](repeating: 0, count: logits.count)
        _ = try outputs.withUnsafeMutableBufferPointer { outputs in
          try logits.withUnsafeBufferPointer {
            try Reference().fill(
              outputs, .sigmoid, logits: $0, classCount: 1, targets: [], threadCount: threadCount)
          }
        }
        return outputs.map(\.bitPattern)
      }
      let expected = try values(1)
      for threadCount in [1, 2] {
        let bent = try withSettings(index) { try values(threadCount) }
        #expect(bent == expected, "\(settings[index].name)")
      }
    }
  }
#else
  @Suite(.disabled("the control words that are set are x86-64's"))
  struct `Under any floating-point environment` {
    @Test func `the oracle gives the same bits, and leaves the environment as it was`() {}
  }
#endif
