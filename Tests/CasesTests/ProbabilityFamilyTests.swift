import Cases
import FloatFormats
import Foundation
import LossFunctions
import TestSupport
import Testing

@Suite struct `Families of probabilities` {
  private static let formats = FloatFormat.catalogue

  private static func inputs(
    _ family: Family, _ shape: CaseShape, count: Int = 40
  ) -> [LossInput] {
    (0..<count).map { family.input(shape, seed: TestSeed.current, index: $0) }
  }

  @Test(arguments: Families.random.map(\.name))
  func `draw probabilities, or their logarithms`(_ name: String) throws {
    let family = try #require(Families.named(name))
    for format in Self.formats {
      for function in [LossFunction.binaryCrossEntropy, .crossEntropyGradient] {
        let shape = CaseShape(
          function: function, format: format, input: .probabilities, classCount: 4)
        for input in Self.inputs(family, shape) {
          #expect(input.logits.allSatisfy { (0...1).contains($0.double) }, "\(input)")
          #expect(input.logits.allSatisfy { format.contains($0) })
        }
        let ofLogarithms = CaseShape(
          function: function, format: format, input: .logProbabilities, classCount: 4)
        for input in Self.inputs(family, ofLogarithms) {
          #expect(input.logits.allSatisfy { $0.isNaN || $0.double <= 0 }, "\(input)")
        }
      }
    }
  }

  @Test func `are the sigmoid and the softmax of the same logits, rounded`() throws {
    for function in [LossFunction.binaryCrossEntropy, .crossEntropy] {
      let shapes = InputKind.allCases.map {
        CaseShape(function: function, format: .float64, input: $0, classCount: 5)
      }
      let rows = shapes.map { Self.inputs(.normal, $0) }
      for (logits, (probabilities, logarithms)) in zip(rows[0], zip(rows[1], rows[2])) {
        #expect(logits.target == probabilities.target && logits.target == logarithms.target)
        let x = logits.logits.map(\.double)
        let sum = function.isBinary ? 1 + exp(x[0]) : x.reduce(0) { $0 + exp($1) }
        for index in x.indices {
          let p = exp(x[index]) / sum
          #expect(abs(probabilities.logits[index].double - p) < 1e-14 * p)
          #expect(abs(logarithms.logits[index].double - log(p)) < 1e-14 * (1 + abs(log(p))))
        }
      }
    }
  }

  @Test func `keep the limits of infinite logits`() {
    let shape = CaseShape(
      function: .crossEntropy, format: .float32, input: .probabilities, classCount: 4)
    var count = 0
    for input in Self.inputs(.infinities, shape, count: 200) {
      let values = input.logits.map(\.double)
      let sum = values.reduce(0, +)
      // A row of no greatest logit, or of several infinite ones, has none.
      if values.contains(where: \.isNaN) {
        #expect(!values.contains { !$0.isNaN })
      } else {
        #expect(abs(sum - 1) < 1e-6)
        count += 1
      }
    }
    #expect(count > 50)
  }

  @Test func `of the edges hold 0, 1 and their neighbours, and suit no logits`() {
    for format in Self.formats {
      let shape = CaseShape(
        function: .binaryCrossEntropy, format: format, input: .probabilities, classCount: 1)
      let seen = Set(Self.inputs(.probabilityEdge, shape, count: 400).map { $0.logits[0] })
      let below = 1 - format.unitRoundoff
      #expect(seen.contains(.zero) && seen.contains(.one) && seen.contains(format.leastSubnormal))
      #expect(seen.contains { $0.double == below || format.unitRoundoff > 0.1 }, "\(format)")
    }
    #expect(
      !Family.probabilityEdge.suits(
        CaseShape(function: .crossEntropy, format: .float32, classCount: 3)))
  }
}
