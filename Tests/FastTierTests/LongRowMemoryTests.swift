#if os(Linux)
  import FloatFormats
  import Foundation
  import LossFunctions
  import TestSupport
  import Testing

  @testable import Reference

  @Suite struct `The memory of a long row` {
    /// The values of the bulk way, which takes long rows to the same end.
    @Test func `does not grow in bulk`() throws {
      try inOwnProcess("does not grow in bulk") {
        let classCount = 2 * Reference.longRowClassCount
        let logits = (0..<classCount).map { Double($0 % 1009) / 100 }
        let targets = [Double](repeating: 0x1p-16, count: classCount)
        var values = [Double](repeating: 1, count: classCount)
        let grown = Peak.growth {
          var span = values.mutableSpan
          _ = try? Reference().fill(
            &span, .crossEntropyGradient, logits: logits.span, classCount: classCount,
            targets: targets.span)
        }
        #expect(values[0] != 1)
        #expect(grown < 16 * classCount)
      }
    }

    @Test func `does not grow with its classes`() throws {
      try inOwnProcess("does not grow with its classes") {
        let classCount = 1 << 14
        for example in LongRowCase.all where example.function.hasOutputPerClass {
          let rows = example.rows(classCount)
          // The least of some, for now and then code is loaded.
          let grown = (0..<3).map { _ in
            var grown = Int.max
            _ = try? example.filled(rows) { fill in
              var isDecided = false
              let growth = Peak.growth(tries: 1) { isDecided = fill() }
              if isDecided { grown = growth }
              return isDecided
            }
            return grown
          }
          // A pair of doubles and a copy for each class would be half as much again.
          #expect(grown.min() ?? .max < 16 * classCount, "\(example.testDescription)")
        }
      }
    }
  }
#endif
