import FloatFormats
import Foundation
import LossFunctions

extension FlawedKernel {
  static let sums: [FlawedKernel] = [
    FlawedKernel("padding-counted", "to 8, as 0", ofClasses) {
      $0.sum = { sum, x, greatest in sum + Double((x.count + 7) / 8 * 8 - x.count) * exp(-greatest)
      }
    },
    FlawedKernel("padding-counted", "to 128, each 1", ofClasses) {
      $0.sum = { sum, x, _ in sum + Double((x.count + 127) / 128 * 128 - x.count) }
    },
    FlawedKernel("classes-left-out", "the last", ofClasses) {
      $0.sum = { sum, x, greatest in
        x.dropLast().reduce(0) { $0 + exp($1 - greatest) }
      }
    },
    FlawedKernel("classes-left-out", "beyond 4", [.crossEntropy, .softmax]) {
      $0.sum = { _, x, greatest in
        x.prefix(x.count / 4 * 4).reduce(0) { $0 + exp($1 - greatest) }
      }
    },
    FlawedKernel("sum-counted-twice", [.crossEntropy, .softmax]) {
      $0.sum = { sum, _, _ in 2 * sum }
    },
    FlawedKernel("epsilon-in-the-sum", "1e-3", [.crossEntropy, .softmax]) {
      $0.sum = { sum, _, _ in sum + 1e-3 }
    },
    FlawedKernel("sum-not-rescaled", [.crossEntropy, .logSumExp]) {
      $0.sum = { _, x, _ in
        var (sum, running) = (0.0, -Double.infinity)
        for value in x {
          running = max(running, value)
          if running > -.infinity { sum += exp(value - running) }
        }
        return sum
      }
    },
    FlawedKernel("maximum-starts-too-high", "0", ofClasses) { $0.start = 0 },
    FlawedKernel("maximum-starts-too-high", "−1e4", ofClasses) { $0.start = -1e4 },
    FlawedKernel("maximum-starts-too-high", "−3.4028e38", [.crossEntropy, .softmax]) {
      $0.start = -3.4028e38
    },
  ]

  static let masks: [FlawedKernel] = [
    FlawedKernel("mask-counted", "as 0", [.crossEntropy, .softmax]) {
      $0.rows = { rows in
        rows.map { row in
          var row = row
          if !row.x.allSatisfy({ $0 <= -9000 }) { row.x = row.x.map { $0 <= -9000 ? 0 : $0 } }
          return row
        }
      }
    },
    FlawedKernel("nan-from-mask", [.crossEntropy, .softmax]) {
      $0.outputs = { outputs, row in
        row.x.contains(-.infinity) ? outputs.map { _ in .nan } : outputs
      }
    },
  ]

  static let clips: [FlawedKernel] = [
    FlawedKernel("log-clamped-at-100", [.crossEntropy, .binaryCrossEntropy]) {
      $0.logarithm = { max($0, -100) }
    },
    FlawedKernel("clipped-at-epsilon", "1e-7", [.crossEntropy, .binaryCrossEntropy]) {
      let computing = $0.computing
      $0.probability = { min(max($0, 1e-7), computing.nearest(1 - 1e-7)) }
    },
    FlawedKernel("clipped-at-epsilon", "1e-5", [.crossEntropy, .binaryCrossEntropy]) {
      let computing = $0.computing
      $0.probability = { min(max($0, 1e-5), computing.nearest(1 - 1e-5)) }
    },
    FlawedKernel("epsilon-added", "1e-4", [.crossEntropy]) { $0.probability = { $0 + 1e-4 } },
    FlawedKernel("epsilon-added", "1e-8", [.crossEntropy]) { $0.probability = { $0 + 1e-8 } },
    FlawedKernel("missing-max-shift", [.softmax, .logSumExp, .softplus, .sigmoid]) {
      $0.isShifted = false
    },
    FlawedKernel("log-of-probability", [.crossEntropy, .binaryCrossEntropy]) {
      $0.probability = { $0 }
    },
  ]

  static let gradients: [FlawedKernel] = [
    FlawedKernel("chain-rule-through-p", "NaN", [.crossEntropyGradient]) {
      let computing = $0.computing
      $0.outputs = { outputs, row in
        guard let label = row.label, row.x.indices.contains(label), row.x.allSatisfy(\.isFinite)
        else { return outputs }
        let p = computing.nearest(softmax(row.x)[label])
        return outputs.map {
          computing.nearest(computing.nearest($0 * p) * computing.nearest(1 / p))
        }
      }
    },
    FlawedKernel("chain-rule-through-p", "clipped at 1e-7", [.crossEntropyGradient]) {
      $0.outputs = { outputs, row in
        guard let label = row.label, row.x.indices.contains(label), row.x.allSatisfy(\.isFinite)
        else { return outputs }
        let p = softmax(row.x)[label]
        return p < 1e-7 ? outputs.map { $0 * p / 1e-7 } : outputs
      }
    },
    FlawedKernel("shard-without-target", "2", [.crossEntropyGradient]) {
      $0.outputs = { outputs, row in
        guard let label = row.label else { return outputs }
        let size = (outputs.count + 1) / 2
        return outputs.indices.map { $0 / size == label / size ? outputs[$0] : 0 }
      }
    },
    FlawedKernel("shard-without-target", "the target alone", [.crossEntropyGradient]) {
      $0.outputs = { outputs, row in
        outputs.indices.map { $0 == row.label ? outputs[$0] : 0 }
      }
    },
    FlawedKernel("target-not-subtracted", [.crossEntropyGradient]) {
      $0.outputs = { _, row in softmax(row.x) }
    },
  ]

  static let numbers: [FlawedKernel] = [
    FlawedKernel("maximum-added-back", [.crossEntropy, .logSoftmax]) { $0.addsMaximumBack = true },
    FlawedKernel("inputs-cast-down", "to bfloat16", [.crossEntropy, .softmax]) {
      $0.logits = { $0.map { FloatFormat.bfloat16.nearest($0) } }
    },
    FlawedKernel("inputs-cast-down", "to float16", [.crossEntropy, .crossEntropyGradient]) {
      $0.logits = { $0.map { FloatFormat.float16.nearest($0) } }
    },
    FlawedKernel("outputs-cast-down", "to bfloat16", [.softmax, .crossEntropy, .sigmoid]) {
      $0.outputs = { outputs, _ in outputs.map { FloatFormat.bfloat16.nearest($0) } }
    },
    FlawedKernel(
      "probability-in-16-bits", "bfloat16", [.crossEntropyGradient, .binaryCrossEntropyGradient]
    ) {
      $0.probability = { FloatFormat.bfloat16.nearest($0) }
    },
    FlawedKernel("probability-in-16-bits", "float16", [.crossEntropy, .crossEntropyGradient]) {
      $0.probability = { FloatFormat.float16.nearest($0) }
    },
    FlawedKernel("16-bit-accumulation", "bfloat16", ofClasses + [.logSumExp]) {
      $0.addition = .inOrder
      $0.term = { FloatFormat.bfloat16.nearest($0) }
    },
    FlawedKernel("16-bit-accumulation", "float16", [.crossEntropy, .logSumExp]) {
      $0.addition = .inOrder
      $0.term = { FloatFormat.float16.nearest($0) }
    },
  ]
}
