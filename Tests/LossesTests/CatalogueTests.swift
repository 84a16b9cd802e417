import FloatFormats
import Foundation
import LossFunctions
import Losses
import Multiprecision
import Reference
import TestSupport
import Testing

@Suite struct `The catalogue` {
  @Test func `names a source for every formula`() {
    for implementation in Implementations.all {
      #expect(!implementation.source.isEmpty, "\(implementation.name)")
    }
  }

  /// Every formula, the failing ones included, is within 64 ulps of 1 or of the value, whichever is
  /// larger, on logits of at most 3, with the options that it declares.
  @Test(arguments: [FloatFormat.float16, .bfloat16, .float32, .float64])
  func `is near the exact value at ordinary logits`(format: FloatFormat) throws {
    let rows: [[Double]] = [
      [0.5, -1.25, 2, -3, 0.75], [1, 1, 1, 1, 1], [-2.5, 3, 0.125, -0.5, 2],
      [0, -0.25, 1.5, 2.75, -1],
    ]
    let reference = Reference()
    for implementation in Implementations.all {
      let function = implementation.function
      for row in rows {
        for label in function.hasTarget ? 0..<2 : 0..<1 {
          let target: Target =
            function.comparesLogits
            ? .logits([1.5, -0.5, Double(label), 0.25, 2].prefix(row.count).map { FloatValue($0) })
            : !function.hasTarget
              ? .none
              : function.isBinary ? .probabilities([FloatValue(Double(label))]) : .index(label)
          let values = Self.numbers(row, implementation.input, isBinary: function.isBinary)
          let input = LossInput(
            logits: function.isBinary ? [values[0]] : values, target: target,
            gradOutput: (0..<function.gradOutputCount(
              classCount: function.isBinary ? 1 : 5, implementation.options(classCount: 5))).map {
                FloatValue(function.gradOutputKind == .partials ? 0.5 : 1.25 - Double($0))
              })
          guard let outputs = implementation.evaluate(input, in: format) else {
            #expect(implementation is Float32Accumulation && format.precision > 11)
            continue
          }
          let options = implementation.options(classCount: input.logits.count)
          let exact = try reference.evaluate(function, input, options: options, in: .float64)
          #expect(outputs.count == exact.count)
          // Clipping moves a probability of float16 by two subnormal spacings.
          let ulp = Double(sign: .plus, exponent: 1 - format.precision, significand: 1)
          for (output, value) in zip(outputs, exact) {
            let expected = value.value.double
            let error = abs(output.double - expected) / max(abs(expected), 1)
            #expect(
              error <= 64 * ulp,
              "\(function) \(implementation.name) \(format): \(output.double), not \(expected)")
          }
        }
      }
    }
  }

  /// The row as what an implementation is of: softmax, or the sigmoid, and the logarithm of these.
  private static func numbers(
    _ logits: [Double], _ input: InputKind, isBinary: Bool
  ) -> [FloatValue] {
    let sum = isBinary ? 0 : logits.reduce(0) { $0 + exp($1) }
    return logits.map { logit in
      let p = isBinary ? 1 / (1 + exp(-logit)) : exp(logit) / sum
      return switch input {
      case .logits: FloatValue(logit)
      case .probabilities: FloatValue(p)
      case .logProbabilities: FloatValue(log(p))
      }
    }
  }

  @Test func `takes a one-hot list of probabilities for the label`() throws {
    let x: [Float] = [0.5, -1.25, 2, -3]
    for implementation in Implementations.all where implementation.function.hasTarget {
      guard let algorithm = implementation as? any SoftTargetAlgorithm else { continue }
      let x = Self.numbers(x.map { Double($0) }, implementation.input, isBinary: false)
        .map { Float($0.double) }
      for label in x.indices {
        var y = [Float](repeating: 0, count: x.count)
        y[label] = 1
        let hard = algorithm.outputs(logits: x, label: label)
        let soft = algorithm.outputs(logits: x, probabilities: y)
        #expect(hard == soft, "\(algorithm.function) \(algorithm.name)")
      }
    }
  }

  @Test func `is near the exact value for probabilities`() throws {
    let y = [0.25, 0.125, 0.5, 0.125].map { FloatValue($0) }
    var count = 0
    for implementation in Implementations.all
    where implementation.function.hasTarget && implementation is any SoftTargetAlgorithm {
      let input = LossInput(
        logits: Self.numbers([0.5, -1.25, 2, -3], implementation.input, isBinary: false),
        target: .probabilities(y))
      let outputs = try #require(implementation.evaluate(input, in: .float64))
      let exact = try Reference().evaluate(
        implementation.function, input, options: implementation.options(classCount: 4),
        in: .float64)
      for (output, value) in zip(outputs, exact) {
        // Keras' clip is at 1 - 1e-7, and its rows are divided by their sum.
        let bound = 1e-15 * max(1, abs(value.value.double))
        #expect(abs(output.double - value.value.double) < bound, "\(implementation.name)")
      }
      count += 1
    }
    #expect(count >= 10)
  }
}
