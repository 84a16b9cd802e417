import FloatFormats
import Foundation
import LossFunctions

/// A kernel with one step taken wrongly, and what that is called.
struct FlawedKernel: Sendable, CustomStringConvertible {
  /// The name of the mistake.
  let mistake: String
  /// Which form of it.
  let form: String
  let functions: [LossFunction]
  /// The options that it takes for the mistake to be one: a JSON object's members.
  let options: String
  private let change: @Sendable (inout SteppedKernel) -> Void

  init(
    _ mistake: String, _ form: String, _ functions: [LossFunction], _ options: String = "",
    _ change: @escaping @Sendable (inout SteppedKernel) -> Void
  ) {
    self.mistake = mistake
    self.form = form
    self.functions = functions
    self.options = options
    self.change = change
  }

  init(
    _ mistake: String, _ functions: [LossFunction], _ options: String = "",
    _ change: @escaping @Sendable (inout SteppedKernel) -> Void
  ) {
    self.init(mistake, "", functions, options, change)
  }

  var description: String { form.isEmpty ? mistake : "\(mistake): \(form)" }

  /// The kernel of a right form with the mistake made in it.
  func kernel(of kernel: SteppedKernel) -> SteppedKernel {
    var kernel = kernel
    change(&kernel)
    return kernel
  }

  /// All of them.
  static let all: [FlawedKernel] =
    rows + activations + options + sums + masks + clips + gradients + numbers
}

let crossEntropies: [LossFunction] = [.crossEntropy, .crossEntropyGradient]
let binaries: [LossFunction] = [.binaryCrossEntropy, .binaryCrossEntropyGradient]
let ofClasses: [LossFunction] = [.softmax, .logSoftmax, .crossEntropy, .crossEntropyGradient]

func softmax(_ x: [Double]) -> [Double] {
  let greatest = x.max() ?? 0
  let terms = x.map { exp($0 - greatest) }
  let sum = terms.reduce(0, +)
  return terms.map { $0 / sum }
}

extension FlawedKernel {
  private static func temperature(_ options: LossOptions) -> Double {
    options.temperature?.double ?? 1
  }

  private static func times(_ factor: Double) -> @Sendable ([Double], SteppedKernel.Row) -> [Double]
  {
    { outputs, _ in outputs.map { $0 * factor } }
  }

  fileprivate static let rows: [FlawedKernel] = [
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

  fileprivate static let activations: [FlawedKernel] = [
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

  fileprivate static let options: [FlawedKernel] = [
    FlawedKernel("temperature-left-out", ofClasses + binaries, "\"temperature\":2") {
      $0.options.temperature = nil
    },
    FlawedKernel(
      "temperature-misplaced", "after the log", [.crossEntropy, .logSoftmax], "\"temperature\":2"
    ) {
      $0.options.temperature = nil
      $0.outputs = times(0.5)
    },
    FlawedKernel(
      "temperature-misplaced", "a factor", [.crossEntropy, .softmax], "\"temperature\":4"
    ) {
      $0.options.temperature = FloatValue(0.25)
    },
    FlawedKernel(
      "gradient-unscaled", [.crossEntropyGradient, .binaryCrossEntropyGradient], "\"temperature\":5"
    ) {
      $0.outputs = times(5)
    },
    FlawedKernel("softcap-left-out", ofClasses + binaries, "\"softcap\":3") {
      $0.options.softcap = nil
    },
    FlawedKernel("scale-left-out", ofClasses + binaries, "\"scale\":0.25") {
      $0.options.scale = nil
    },
    FlawedKernel(
      "logit-bias-left-out", [.softmax, .crossEntropy], "\"logit_bias\":[0.5,-2,1,1.5]"
    ) {
      $0.options.logitBias = nil
    },
    FlawedKernel(
      "softcap-misplaced", "after the temperature", [.softmax, .crossEntropy],
      "\"softcap\":5,\"temperature\":0.5"
    ) {
      $0.before = { x, _, _ in (5 * tanh(x / 0.5 / 5), 1) }
    },
    FlawedKernel(
      "softcap-misplaced", "before the scale", [.softmax, .crossEntropy],
      "\"softcap\":5,\"scale\":3"
    ) {
      $0.before = { x, _, options in (3 * 5 * tanh(x / 5) / temperature(options), 1) }
    },
    FlawedKernel("softcap-misplaced", "no cap times the tanh", [.crossEntropy], "\"softcap\":4") {
      $0.before = { x, _, options in (tanh(x / 4) / temperature(options), 1) }
    },
    FlawedKernel(
      "gradient-by-capped-logits", [.crossEntropyGradient, .binaryCrossEntropyGradient],
      "\"softcap\":4"
    ) {
      $0.before = { x, _, options in (4 * tanh(x / 4) / temperature(options), 1) }
    },
    FlawedKernel(
      "gradient-unscaled-by-scale", [.crossEntropyGradient, .binaryCrossEntropyGradient],
      "\"scale\":0.25"
    ) {
      $0.outputs = times(4)
    },
    FlawedKernel("smoothing-left-out", crossEntropies + binaries, "\"label_smoothing\":0.1") {
      $0.options.labelSmoothing = nil
    },
    FlawedKernel("smoothing-over-k-1", crossEntropies, "\"label_smoothing\":0.1") {
      $0.smoothed = { y, epsilon, count in y * (1 - epsilon) + (1 - y) * epsilon / (count - 1) }
    },
    FlawedKernel("smoothing-misplaced", "ε each", crossEntropies, "\"label_smoothing\":0.1") {
      $0.smoothed = { y, epsilon, _ in y * (1 - epsilon) + epsilon }
    },
    FlawedKernel("smoothing-misplaced", "(1 − ε)/K", crossEntropies, "\"label_smoothing\":0.1") {
      $0.smoothed = { y, epsilon, count in y * (1 - epsilon) + (1 - epsilon) / count }
    },
    FlawedKernel(
      "smoothing-misplaced", "half the classes", crossEntropies, "\"label_smoothing\":0.1"
    ) {
      $0.smoothed = { y, epsilon, count in y * (1 - epsilon) + epsilon / (count / 2).rounded(.up) }
    },
    FlawedKernel("smoothing-misplaced", "not taken off", [.crossEntropy], "\"label_smoothing\":0.1")
    {
      $0.smoothed = { y, epsilon, count in y + epsilon / count }
    },
    FlawedKernel("smoothing-though-off", crossEntropies) {
      if $0.options.labelSmoothing == nil { $0.options.labelSmoothing = FloatValue(0.1) }
    },
    FlawedKernel("ignored-label-counted", crossEntropies, "\"ignore_index\":1") {
      $0.ignoresRows = false
    },
    FlawedKernel("weights-left-out", crossEntropies, classWeights) {
      $0.options.classWeights = nil
    },
    FlawedKernel("weights-left-out", "pos_weight", binaries, "\"pos_weight\":3") {
      $0.options.positiveWeight = nil
    },
    FlawedKernel("weights-misplaced", "over their sum", [.crossEntropy], classWeights) {
      $0.outputs = times(0.2)
    },
    FlawedKernel("weights-misplaced", "in reverse", crossEntropies, classWeights) {
      $0.options.classWeights?.reverse()
    },
    FlawedKernel("pos-weight-misplaced", "both terms", [.binaryCrossEntropy], "\"pos_weight\":3") {
      $0.options.positiveWeight = nil
      $0.outputs = times(3)
    },
    FlawedKernel("pos-weight-misplaced", "only log1p", [.binaryCrossEntropy], "\"pos_weight\":3") {
      $0.outputs = { _, row in
        let (z, y) = (row.x[0], row.y[0])
        return [(1 - y) * z + (1 + 2 * y) * log1p(exp(-abs(z))) + max(-z, 0)]
      }
    },
    FlawedKernel("pos-weight-misplaced", "negatives", binaries, "\"pos_weight\":3") {
      $0.options.positiveWeight = FloatValue(1.0 / 3)
      $0.outputs = times(3)
    },
    FlawedKernel("sum-of-targets-dropped", "class weights", [.crossEntropyGradient], classWeights) {
      $0.total = { _ in 1 }
    },
    FlawedKernel(
      "sum-of-targets-dropped", "pos_weight", [.binaryCrossEntropyGradient], "\"pos_weight\":3"
    ) {
      $0.total = { _ in 1 }
    },
    FlawedKernel("z-loss-left-out", crossEntropies, "\"z_loss\":0.01") { $0.options.zLoss = nil },
    FlawedKernel("z-loss-misplaced", "not squared", [.crossEntropy], "\"z_loss\":0.01") {
      $0.square = { z, _ in (z, 1) }
    },
    FlawedKernel("z-loss-misplaced", "of shifted logits", crossEntropies, "\"z_loss\":0.01") {
      $0.square = { z, greatest in ((z - greatest) * (z - greatest), 2 * (z - greatest)) }
    },
    FlawedKernel("z-loss-though-off", crossEntropies) {
      if $0.options.zLoss == nil { $0.options.zLoss = FloatValue(0.001) }
    },
    FlawedKernel("focal-factor-left-out", "γ", crossEntropies + binaries, "\"focal_gamma\":2") {
      $0.options.focalGamma = nil
    },
    FlawedKernel(
      "focal-factor-left-out", "α", crossEntropies + binaries,
      "\"focal_gamma\":2,\"focal_alpha\":0.3"
    ) {
      $0.options.focalAlpha = nil
    },
    FlawedKernel(
      "focal-factor-misplaced", "p^γ", [.crossEntropy, .binaryCrossEntropy], "\"focal_gamma\":2"
    ) {
      $0.focus = { $0 }
    },
    FlawedKernel(
      "focal-factor-misplaced", "a constant", [.crossEntropyGradient, .binaryCrossEntropyGradient],
      "\"focal_gamma\":2"
    ) {
      $0.differentiatesFocus = false
    },
  ]

  static let classWeights = "\"class_weights\":[0.5,2,1,1.5]"

  fileprivate static let sums: [FlawedKernel] = [
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

  fileprivate static let masks: [FlawedKernel] = [
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

  fileprivate static let clips: [FlawedKernel] = [
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

  fileprivate static let gradients: [FlawedKernel] = [
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

  fileprivate static let numbers: [FlawedKernel] = [
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
