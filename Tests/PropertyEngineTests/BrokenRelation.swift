import FloatFormats
import LossFunctions
import Multiprecision
import PropertyEngine
import Reference

/// Exact values changed so that one property no longer holds of them.
struct BrokenRelation: Sendable, CustomStringConvertible {
  let property: String
  let function: LossFunction
  let change: @Sendable (LossInput, [FloatValue]) -> [FloatValue]

  var description: String { property }

  var subject: some Subject {
    ClosureSubject { input in
      change(input, try Reference().evaluate(function, input, in: .float32).map(\.value))
    }
  }

  private static func scaled(_ values: [FloatValue], by factor: Double) -> [FloatValue] {
    values.map { FloatFormat.float32.rounded(FloatValue($0.double * factor), .nearestEven) }
  }

  private static func replacing(
    _ values: [FloatValue], at index: Int, with value: FloatValue
  ) -> [FloatValue] {
    var changed = values
    changed[index] = value
    return changed
  }

  static let all: [BrokenRelation] = [
    BrokenRelation(property: "non-negative", function: .softplus) { input, values in
      input.logits[0].double < -20 ? [FloatFormat.float32.leastSubnormal.negated] : values
    },
    BrokenRelation(property: "non-positive", function: .logSoftmax) { input, values in
      input.logits.count == 2 ? values.map(\.negated) : values
    },
    BrokenRelation(property: "at-most-one", function: .sigmoid) { input, values in
      values.map { $0 == .one ? FloatFormat.float32.nextUp($0) : $0 }
    },
    BrokenRelation(property: "gradient-signs", function: .crossEntropyGradient) { _, values in
      values.map(\.negated)
    },
    BrokenRelation(property: "linear-in-grad-output", function: .sigmoidGradient) { input, values in
      input.gradOutput[0].isNegative ? values.map(\.negated) : values
    },
    BrokenRelation(property: "sums-to-one", function: .softmax) { _, values in
      scaled(values, by: 1 + 0x1p-18)
    },
    BrokenRelation(property: "gradient-sums-to-zero", function: .crossEntropyGradient) {
      _, values in
      replacing(values, at: 0, with: scaled(values, by: 1.001)[0])
    },
    BrokenRelation(property: "shift-invariant", function: .softmax) { input, values in
      guard let first = input.logits.first, first.double > 10 else { return values }
      return values.reversed()
    },
    BrokenRelation(property: "permutable", function: .logSumExp) { input, values in
      guard let first = input.logits.first, let last = input.logits.last,
        last.isLess(than: first)
      else { return values }
      return scaled(values, by: 1.0001)
    },
    BrokenRelation(property: "monotone", function: .crossEntropy) { input, values in
      input.logits[0].double > 0 ? scaled(values, by: 4) : values
    },
    BrokenRelation(property: "keeps-argmax", function: .softmax) { input, values in
      guard input.logits.count == 3 else { return values }
      return [values[1], values[2], values[0]]
    },
    BrokenRelation(property: "complementary", function: .sigmoid) { input, values in
      input.logits[0].isNegative ? values : scaled(values, by: 0.9999)
    },
    BrokenRelation(property: "softplus-difference", function: .softplus) { input, values in
      input.logits[0].isNegative ? values : scaled(values, by: 1.0001)
    },
    BrokenRelation(property: "convex", function: .softplus) { _, values in
      values.map { FloatFormat.float32.rounded(FloatValue($0.double.squareRoot()), .nearestEven) }
    },
  ]
}
