import FloatFormats
import Foundation
import LossFunctions

extension FlawedKernel {
  static let options: [FlawedKernel] = [
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
}
