import FloatFormats
import Foundation
import LossFunctions

extension FlawedKernel {
  static let rows: [FlawedKernel] = [
    FlawedKernel("constant-output", "zero", [.softmax, .crossEntropy, .crossEntropyGradient]) {
      $0.outputs = times(0)
    },
    FlawedKernel("constant-output", "−5", [.crossEntropy, .binaryCrossEntropy]) {
      $0.outputs = { outputs, _ in outputs.map { _ in -5 } }
    },
    FlawedKernel("first-row-for-all", "label", crossEntropies) {
      $0.rows = { rows in
        rows.map { row in
          var row = row
          (row.label, row.y) = (rows[0].label, rows[0].y)
          return row
        }
      }
    },
    FlawedKernel("first-row-for-all", "outputs", [.crossEntropy, .softmax]) {
      $0.batch = { outputs in outputs.map { _ in outputs[0] } }
    },
    FlawedKernel("label-of-another-row", "next", crossEntropies) {
      $0.rows = { rows in
        rows.indices.map { index in
          var row = rows[index]
          let next = rows[(index + 1) % rows.count]
          (row.label, row.y) = (next.label, next.y)
          return row
        }
      }
    },
    FlawedKernel("sign-flipped", [.crossEntropy, .logSigmoid, .crossEntropyGradient]) {
      $0.outputs = times(-1)
    },
    FlawedKernel("log2-for-ln", [.crossEntropy, .logSoftmax, .softplus]) {
      $0.logarithm = { log2(exp($0)) }
    },
    FlawedKernel("wrong-denominator", "halved", [.crossEntropy, .binaryCrossEntropy]) {
      $0.outputs = times(0.5)
    },
    FlawedKernel("wrong-denominator", "over the classes", crossEntropies) {
      $0.outputs = { outputs, row in outputs.map { $0 / Double(row.x.count) } }
    },
    FlawedKernel("wrong-denominator", "over the rows", [.crossEntropyGradient]) {
      $0.batch = { outputs in outputs.map { row in row.map { $0 / Double(outputs.count) } } }
    },
    FlawedKernel("mean-for-none", [.crossEntropy, .binaryCrossEntropy]) {
      $0.batch = { outputs in
        let mean = outputs.reduce(0) { $0 + $1[0] } / Double(outputs.count)
        return outputs.map { _ in [mean] }
      }
    },
    FlawedKernel("sum-for-none", [.crossEntropy, .binaryCrossEntropy]) {
      $0.batch = { outputs in
        let sum = outputs.reduce(0) { $0 + $1[0] }
        return outputs.map { _ in [sum] }
      }
    },
    FlawedKernel("another-function", "p for −log p", [.crossEntropy]) {
      $0.outputs = { outputs, _ in outputs.map { exp(-$0) } }
    },
    FlawedKernel("off-by-one-label", "+1", crossEntropies) { $0.label = { ($0 + 1) % $1 } },
    FlawedKernel("off-by-one-label", "−1", crossEntropies) {
      $0.label = { label, _ in max(label - 1, 0) }
    },
    FlawedKernel("class-index-in-few-bits", "8", crossEntropies) {
      $0.label = { label, _ in label & 0xFF }
    },
    FlawedKernel("class-index-in-few-bits", "bfloat16", [.crossEntropy]) {
      $0.label = { label, _ in Int(FloatFormat.bfloat16.nearest(Double(label))) }
    },
    FlawedKernel("class-axis-transposed", ofClasses) {
      $0.rows = { rows in
        let flat = rows.flatMap(\.x)
        return rows.indices.map { index in
          var row = rows[index]
          row.x = row.x.indices.map { flat[$0 * rows.count + index] }
          return row
        }
      }
      $0.batch = { outputs in
        guard let count = outputs.first?.count, count > 1 else { return outputs }
        var written = [Double](repeating: 0, count: count * outputs.count)
        for row in outputs.indices {
          for index in 0..<count { written[index * outputs.count + row] = outputs[row][index] }
        }
        return outputs.indices.map { Array(written[$0 * count..<($0 + 1) * count]) }
      }
    },
  ]

  static let activations: [FlawedKernel] = [
    FlawedKernel("activation-twice", "softmax", ofClasses) { $0.logits = softmax },
    FlawedKernel("activation-twice", "sigmoid", binaries) {
      $0.logits = { $0.map { 1 / (1 + exp(-$0)) } }
    },
    FlawedKernel("logits-as-probabilities", "−log x", [.crossEntropy]) {
      $0.outputs = { outputs, row in row.label.map { [-log(row.x[$0])] } ?? outputs }
    },
    FlawedKernel("relu-first", [.crossEntropy, .softmax, .binaryCrossEntropy]) {
      $0.logits = { $0.map { max($0, 0) } }
    },
    FlawedKernel("logits-negated", ofClasses + binaries) { $0.logits = { $0.map { -$0 } } },
    FlawedKernel("softplus-cut-off", "above 5", [.softplus, .logSigmoid]) {
      let sign: Double = $0.function == .softplus ? 1 : -1
      $0.outputs = { outputs, row in sign * row.x[0] > 5 ? [row.x[0]] : outputs }
    },
    FlawedKernel("softplus-cut-off", "above 20", [.softplus, .logSigmoid]) {
      let sign: Double = $0.function == .softplus ? 1 : -1
      $0.outputs = { outputs, row in sign * row.x[0] > 20 ? [row.x[0]] : outputs }
    },
    FlawedKernel("softplus-cut-off", "below −10", [.softplus]) {
      $0.outputs = { outputs, row in row.x[0] < -10 ? [0] : outputs }
    },
    FlawedKernel("sigmoid-for-softmax", [.softmax]) {
      $0.outputs = { _, row in row.x.map { 1 / (1 + exp(-$0)) } }
    },
    FlawedKernel("logits-capped", "±20", [.crossEntropy, .softmax, .binaryCrossEntropy]) {
      $0.logits = { $0.map { min(max($0, -20), 20) } }
    },
    FlawedKernel("logits-capped", "30·tanh", [.crossEntropy, .crossEntropyGradient]) {
      $0.logits = { $0.map { 30 * tanh($0 / 30) } }
    },
    FlawedKernel("logits-scaled", "halved", [.crossEntropy, .softmax]) {
      $0.logits = { $0.map { $0 / 2 } }
    },
    FlawedKernel("target-logit-left-out", [.crossEntropy]) {
      $0.outputs = { _, row in
        let greatest = row.x.max() ?? 0
        return [greatest + log(row.x.reduce(0) { $0 + exp($1 - greatest) })]
      }
    },
  ]
}
