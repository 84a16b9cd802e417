import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import PropertyEngine

/// A loss in plain `Float` arithmetic with one mistake in it, as someone might write it.
struct WrongLoss: Sendable, CustomStringConvertible {
  let mistake: String
  let function: LossFunction
  var options = "{}"
  /// The outputs of a batch of rows: logits, targets (a label, or one probability), outputs.
  let outputs: @Sendable ([[Float]], [Float]) -> [[Float]]

  var description: String { "\(mistake) in \(function)" }

  var subject: BatchSubject { BatchSubject(outputs: outputs) }

  /// A mistake that concerns each row by itself.
  static func row(
    _ mistake: String, _ function: LossFunction, options: String = "{}",
    _ outputs: @escaping @Sendable ([Float], Float) -> [Float]
  ) -> WrongLoss {
    WrongLoss(mistake: mistake, function: function, options: options) { rows, targets in
      zip(rows, targets).map(outputs)
    }
  }

  static func softmax(_ x: [Float]) -> [Float] {
    let greatest = x.max() ?? 0
    let terms = x.map { exp($0 - greatest) }
    let sum = terms.reduce(0, +)
    return terms.map { $0 / sum }
  }

  static func logSoftmax(_ x: [Float]) -> [Float] {
    let greatest = x.max() ?? 0
    let logarithm = log(x.map { exp($0 - greatest) }.reduce(0, +))
    return x.map { ($0 - greatest) - logarithm }
  }

  static func loss(_ x: [Float], _ t: Float) -> Float { -logSoftmax(x)[Int(t)] }

  static func binary(_ z: Float, _ y: Float) -> Float {
    max(z, 0) - z * y + log1p(exp(-abs(z)))
  }

  static func sigmoid(_ z: Float) -> Float {
    z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z))
  }

  static func oneHot(_ t: Float, _ count: Int) -> [Float] {
    (0..<count).map { $0 == Int(t) ? 1 : 0 }
  }

  static func half(_ value: Float) -> Float {
    Float(FloatFormat.float16.rounded(FloatValue(value), .nearestEven).double)
  }
}

/// A function of whole batches in `Float`.
struct BatchSubject: Subject {
  let outputs: @Sendable ([[Float]], [Float]) -> [[Float]]

  func responses(to inputs: [LossInput]) async throws -> [Response] {
    // As a program is asked: rows of one shape at a time.
    var responses = [Response](repeating: .unsupported("soft targets"), count: inputs.count)
    let groups = Dictionary(grouping: inputs.indices) { inputs[$0].logits.count }
    for group in groups.values {
      let hard = group.filter { index in
        if case .probabilities(let values) = inputs[index].target {
          values.count == 1
        } else {
          true
        }
      }
      guard !hard.isEmpty else { continue }
      let rows = hard.map { inputs[$0].logits.map { Float($0.double) } }
      let targets = hard.map { index -> Float in
        switch inputs[index].target {
        case .none: 0
        case .index(let label): Float(label)
        case .probabilities(let values): Float(values[0].double)
        }
      }
      for (index, values) in zip(hard, outputs(rows, targets)) {
        responses[index] = .outputs(values.map { FloatValue($0) })
      }
    }
    return responses
  }
}
