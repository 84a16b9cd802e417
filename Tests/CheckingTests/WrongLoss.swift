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
  /// How many rows stand side by side in what it is handed; nil where the classes are last.
  var inner: Int?
  /// The outputs of a batch of rows: logits, targets (a label, or one probability), outputs.
  let outputs: @Sendable ([[Float]], [Float]) -> [[Float]]

  var description: String { "\(mistake) in \(function)" }

  /// The outputs of a row for its `grad_output`, or for the logits of its target, where the function takes these; of the
  /// gradient of a loss for the targets of all classes, and `grad_output` after these.
  var gradient: (@Sendable ([Float], [Float]) -> [Float])?

  var subject: any Subject {
    guard let gradient else { return BatchSubject(outputs: outputs) }
    return ClosureSubject(outputFormat: .float32) { input in
      var beside = input.target.numbers ?? input.gradOutput
      if function.mayHaveGradOutput, !input.gradOutput.isEmpty {
        if case .index(let label) = input.target {
          beside = input.logits.indices.map { $0 == label ? .one : .zero }
        }
        beside += input.gradOutput
      }
      return gradient(input.logits.map { Float($0.double) }, beside.map { Float($0.double) })
        .map { FloatValue($0) }
    }
  }

  /// A mistake in a gradient that is multiplied by `grad_output`, or in what compares two rows of logits.
  static func gradient(
    _ mistake: String, _ function: LossFunction, options: String = "{}",
    _ gradient: @escaping @Sendable (_ x: [Float], _ g: [Float]) -> [Float]
  ) -> WrongLoss {
    WrongLoss(
      mistake: mistake, function: function, options: options, outputs: { _, _ in [] },
      gradient: gradient)
  }

  /// A mistake in the gradient of the cross-entropy, by the probabilities, those of the target and `grad_output`.
  static func lossGradient(
    _ mistake: String,
    _ gradient: @escaping @Sendable (_ p: [Float], _ y: [Float], _ g: Float) -> [Float]
  ) -> WrongLoss {
    .gradient(mistake, .crossEntropyGradient, options: "{\"grad_output\":\"row\"}") { x, beside in
      let y = Array(beside.dropLast())
      let total = y.reduce(0, +)
      return gradient(softmax(x).map { total * $0 }, y, beside.last ?? 1)
    }
  }

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

  func answers(to rows: LossRows) async throws -> RowAnswers {
    let inputs = (0..<rows.count).map { rows[$0] }
    let targets = inputs.map { input -> Float in
      switch input.target {
      case .none: 0
      case .index(let label): Float(label)
      case .probabilities(let values), .logits(let values): Float(values[0].double)
      }
    }
    guard rows.targetKind != .probabilities || rows.classCount == 1 else {
      return RowAnswers(
        unsupported: "soft targets", count: rows.count, outputsPerRow: 1, in: rows.format)
    }
    let values = outputs(inputs.map { $0.logits.map { Float($0.double) } }, targets)
    return RowAnswers(
      (0..<rows.count).map { row in
        row < values.count
          ? .outputs(values[row].map { FloatValue($0) }) : .unsupported("no answer")
      }, in: rows.format)
  }
}
