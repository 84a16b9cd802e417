import Foundation
import LossFunctions

extension WrongLoss {
  static let all: [WrongLoss] =
    scale + activation + layout + options + clipping + precision + upstream + shards

  private static let scale: [WrongLoss] = [
    .row("sign-flipped", .crossEntropy) { [-loss($0, $1)] },
    .row("sign-flipped", .binaryCrossEntropyGradient) { [$1 - sigmoid($0[0])] },
    .row("log2-for-ln", .crossEntropy) { [-log2(softmax($0)[Int($1)])] },
    .row("log2-for-ln", .softplus) { x, _ in [max(x[0], 0) + log2(1 + exp(-abs(x[0])))] },
    WrongLoss(mistake: "mean-for-none", function: .crossEntropy) { rows, targets in
      let losses = zip(rows, targets).map(loss)
      return rows.map { _ in [losses.reduce(0, +) / Float(rows.count)] }
    },
    WrongLoss(mistake: "sum-for-none", function: .binaryCrossEntropy) { rows, targets in
      let sum = zip(rows, targets).map { binary($0[0], $1) }.reduce(0, +)
      return rows.map { _ in [sum] }
    },
    WrongLoss(mistake: "wrong-denominator", function: .crossEntropyGradient) { rows, targets in
      zip(rows, targets).map { x, t in
        zip(softmax(x), oneHot(t, x.count)).map { ($0 - $1) / Float(rows.count) }
      }
    },
    .row("wrong-denominator", .crossEntropy) { [loss($0, $1) / Float($0.count)] },
    .row("gradient-unscaled", .crossEntropyGradient, options: "{\"temperature\":4}") { x, t in
      zip(softmax(x.map { $0 / 4 }), oneHot(t, x.count)).map { $0 - $1 }
    },
  ]

  private static let upstream: [WrongLoss] = [
    .gradient("divergence-reversed", .klDivergence) { x, y in
      let (a, b) = (logSoftmax(x), logSoftmax(y))
      return [zip(a, b).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }]
    },
    .gradient("temperature-misplaced", .klDivergenceGradient, options: "{\"temperature\":2}") {
      x, y in
      let (p, q) = (softmax(x.map { $0 / 2 }), softmax(y.map { $0 / 2 }))
      return zip(p, q).map { ($0 - $1) * 2 }
    },
    .gradient("temperature-misplaced", .jsDivergence, options: "{\"temperature\":4}") { x, y in
      let (a, b) = (logSoftmax(x.map { $0 / 4 }), logSoftmax(y.map { $0 / 4 }))
      let c = zip(a, b).map { max($0, $1) + log1p(exp(-abs($0 - $1))) - log(2) }
      let ofA = zip(a, c).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
      let ofB = zip(b, c).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
      return [(ofA + ofB) * 8]
    },
    .gradient("upstream-left-out", .sigmoidGradient) { x, _ in
      [sigmoid(x[0]) * sigmoid(-x[0])]
    },
    .gradient("upstream-left-out", .logSumExpGradient) { x, g in softmax(x).map { abs(g[0]) * $0 }
    },
    .gradient("upstream-rounded", .sigmoidGradient) { x, g in
      [half(g[0]) * sigmoid(x[0]) * sigmoid(-x[0])]
    },
    .lossGradient("upstream-left-out") { p, y, _ in zip(p, y).map { $0 - $1 } },
    .lossGradient("upstream-left-out") { p, y, g in zip(p, y).map { abs(g) * ($0 - $1) } },
    .lossGradient("upstream-rounded") { p, y, g in zip(p, y).map { half(g) * ($0 - $1) } },
    .lossGradient("sign-flipped") { p, y, g in zip(p, y).map { g * ($1 - $0) } },
    .gradient(
      "upstream-left-out", .binaryCrossEntropyGradient, options: "{\"grad_output\":\"row\"}"
    ) {
      x, beside in [sigmoid(x[0]) - beside[0]]
    },
    .gradient("upstream-left-out", .klDivergenceGradient, options: "{\"grad_output\":\"row\"}") {
      x, beside in
      zip(softmax(x), softmax(Array(beside.dropLast()))).map { $0 - $1 }
    },
    .gradient("sign-flipped", .logSigmoidGradient) { x, g in [-g[0] * sigmoid(-x[0])] },
    .gradient("sum-left-out-of-vjp", .softmaxGradient) { x, g in zip(softmax(x), g).map { $0 * $1 }
    },
    .gradient("sum-left-out-of-vjp", .softmaxGradient) { x, g in
      zip(softmax(x), g).map { $0 * (1 - $0) * $1 }
    },
    .gradient("sum-left-out-of-vjp", .logSoftmaxGradient) { x, g in
      zip(softmax(x), g).map { (1 - $0) * $1 }
    },
    .gradient("wrong-sum-in-vjp", .softmaxGradient) { x, g in
      let sum = g.reduce(0, +)
      return zip(softmax(x), g).map { $0 * ($1 - sum) }
    },
    .gradient("wrong-sum-in-vjp", .logSoftmaxGradient) { x, g in
      let p = softmax(x)
      let mean = zip(p, g).reduce(0) { $0 + $1.0 * $1.1 }
      return zip(p, g).map { $1 - $0 * mean }
    },
    .gradient("input-for-output", .sigmoidGradient) { x, g in [g[0] * x[0] * (1 - x[0])] },
    .gradient("input-for-output", .logSoftmaxGradient) { x, g in
      let sum = g.reduce(0, +)
      return zip(x, g).map { $1 - exp($0) * sum }
    },
    .gradient("beta-misplaced", .softplusGradient, options: "{\"beta\":2}") { x, g in
      [2 * g[0] * sigmoid(2 * x[0])]
    },
    .row("beta-misplaced", .softplus, options: "{\"beta\":2}") { x, _ in
      [max(2 * x[0], 0) + log1p(exp(-abs(2 * x[0])))]
    },
  ]

  private static let activation: [WrongLoss] = [
    .row("activation-twice", .crossEntropy) { [loss(softmax($0), $1)] },
    .row("activation-twice", .crossEntropyGradient) { x, t in
      zip(softmax(softmax(x)), oneHot(t, x.count)).map { $0 - $1 }
    },
    .row("activation-twice", .binaryCrossEntropy) { [binary(sigmoid($0[0]), $1)] },
    .row("activation-twice", .softmax) { x, _ in softmax(softmax(x)) },
    .row("logits-as-probabilities", .binaryCrossEntropy) { x, y in
      let p = min(max(x[0], 1e-7), 1 - 1e-7)
      return [-(y * log(p) + (1 - y) * log(1 - p))]
    },
    .row("logits-as-probabilities", .crossEntropy) { x, t in [-log(x[Int(t)])] },
    .row("logits-as-probabilities", .crossEntropy) { x, t in [-x[Int(t)]] },
    .row("relu-first", .crossEntropy) { x, t in [loss(x.map { max($0, 0) }, t)] },
    .row("relu-first", .binaryCrossEntropy) { [binary(max($0[0], 0), $1)] },
  ]

  private static let shards: [WrongLoss] = [
    .row("shard-sum-not-rescaled", .shardPartials) { x, t in
      [x.max() ?? 0, x.map { exp($0) }.reduce(0, +), t < 0 ? -.infinity : x[Int(t)]]
    },
    .gradient("shard-sum-not-rescaled", .mergedCrossEntropy) { m, g in
      let target = g[m.count...].max() ?? 0
      return [((m.max() ?? 0) - target) + log(g[..<m.count].reduce(0, +))]
    },
    .gradient("target-of-another-shard", .mergedCrossEntropy) { m, g in
      let greatest = m.max() ?? 0
      let sum = zip(m, g).map { $1 * exp($0 - greatest) }.reduce(0, +)
      return [(greatest - g[m.count]) + log(sum)]
    },
  ]

  private static let layout: [WrongLoss] = [
    .row("off-by-one-label", .crossEntropy) { x, t in
      [-logSoftmax(x)[(Int(t) + 1) % x.count]]
    },
    .row("off-by-one-label", .crossEntropyGradient) { x, t in
      zip(softmax(x), oneHot(max(t - 1, 0), x.count)).map { $0 - $1 }
    },
    WrongLoss(mistake: "class-axis-transposed", function: .crossEntropy) { rows, targets in
      let flat = rows.joined().map { $0 }
      return targets.enumerated().map { row, t in
        [loss((0..<rows[0].count).map { flat[$0 * rows.count + row] }, t)]
      }
    },
    WrongLoss(mistake: "class-axis-transposed", function: .softmax) { rows, _ in
      let (count, classes) = (rows.count, rows[0].count)
      let flat = rows.joined().map { $0 }
      var written = flat
      for row in rows.indices {
        let p = softmax((0..<classes).map { flat[$0 * count + row] })
        for index in p.indices { written[index * count + row] = p[index] }
      }
      return rows.indices.map { Array(written[$0 * classes..<($0 + 1) * classes]) }
    },
    WrongLoss(mistake: "softmax-over-rows", function: .softmax) { rows, _ in
      let columns = rows[0].indices.map { index in softmax(rows.map { $0[index] }) }
      return rows.indices.map { row in columns.map { $0[row] } }
    },
    // PyTorch's softmax with dim=-1, and with no dim of logits without a batch.
    WrongLoss(mistake: "last-axis-for-classes", function: .softmax, inner: 3) { rows, _ in
      rows.indices.map { row in
        let block = (0..<3).map { rows[(row / 3 * 3 + $0) % rows.count] }
        return rows[row].indices.map { index in softmax(block.map { $0[index] })[row % 3] }
      }
    },
    WrongLoss(mistake: "last-axis-for-classes", function: .crossEntropy, inner: 3) {
      rows, targets in
      let (count, classes) = ((rows.count + 2) / 3 * 3, rows[0].count)
      let array = (0..<count * classes).map { place in
        rows[(place / (3 * classes) * 3 + place % 3) % rows.count][place / 3 % classes]
      }
      return targets.enumerated().map { row, t in
        [loss(Array(array[row * classes..<(row + 1) * classes]), t)]
      }
    },
  ]

  private static let options: [WrongLoss] = [
    .row("smoothing-over-k-1", .crossEntropy, options: "{\"label_smoothing\":0.1}") { x, t in
      guard x.count > 1 else { return [0] }
      let y = oneHot(t, x.count).map { $0 == 1 ? Float(0.9) : 0.1 / Float(x.count - 1) }
      return [-zip(y, logSoftmax(x)).map { $0 * $1 }.reduce(0, +)]
    },
    .row("smoothing-over-k-1", .crossEntropy, options: "{\"label_smoothing\":0.1}") { x, t in
      guard x.count > 1 else { return [0] }
      let y = oneHot(t, x.count).map { $0 * 0.9 + 0.1 / Float(x.count - 1) }
      return [-zip(y, logSoftmax(x)).map { $0 * $1 }.reduce(0, +)]
    },
    .row("ignored-label-counted", .crossEntropyGradient, options: "{\"ignore_index\":1}") {
      x, t in
      zip(softmax(x), oneHot(t, x.count)).map { $0 - $1 }
    },
    .row("smoothing-left-out", .crossEntropyGradient, options: "{\"label_smoothing\":0.1}") {
      x, t in
      zip(softmax(x), oneHot(t, x.count)).map { $0 - $1 }
    },
    .row("ignored-label-counted", .crossEntropy, options: "{\"ignore_index\":1}") { x, t in
      [Int(t) < x.count ? loss(x, t) : 0]
    },
    // Labels of -100 are looked up as class 0, and the row's loss not taken out.
    .row("ignored-label-counted", .crossEntropy, options: "{\"ignore_index\":-100}") { x, t in
      [loss(x, max(t, 0))]
    },
    .row("weights-left-out", .binaryCrossEntropy, options: "{\"pos_weight\":3}") {
      [binary($0[0], $1)]
    },
  ]

  private static let clipping: [WrongLoss] = [
    .row("log-clamped-at-100", .binaryCrossEntropy) { x, y in
      let (p, q) = (sigmoid(x[0]), sigmoid(-x[0]))
      return [-(y * max(log(p), -100) + (1 - y) * max(log(q), -100))]
    },
    .row("log-clamped-at-100", .binaryCrossEntropy) { x, y in
      let p = sigmoid(x[0])
      return [-(y * max(log(p), -100) + (1 - y) * max(log(1 - p), -100))]
    },
    .row("clipped-at-epsilon", .binaryCrossEntropy) { x, y in
      let epsilon: Float = 1e-7
      let p = min(max(sigmoid(x[0]), epsilon), 1 - epsilon)
      return [-(y * log(p + epsilon) + (1 - y) * log(1 - p + epsilon))]
    },
    .row("clipped-at-epsilon", .crossEntropy) { x, t in
      [-log(min(max(softmax(x)[Int(t)], 1e-7), 1 - 1e-7))]
    },
    .row("clipped-at-epsilon", .binaryCrossEntropy) { x, y in
      let p = min(max(sigmoid(x[0]), 1e-6), 1 - 1e-6)
      return [-(y * log(p) + (1 - y) * log(1 - p))]
    },
    .row("epsilon-added", .crossEntropy) { x, t in [-log(softmax(x)[Int(t)] + 1e-4)] },
    .row("missing-max-shift", .logSumExp) { x, _ in [log(x.map(exp).reduce(0, +))] },
    .row("missing-max-shift", .softplus) { x, _ in [log1p(exp(x[0]))] },
    .row("missing-max-shift", .binaryCrossEntropy) { x, y in [log(1 + exp(x[0])) - x[0] * y] },
    .row("missing-max-shift", .sigmoid) { x, _ in [exp(x[0]) / (1 + exp(x[0]))] },
    .row("missing-max-shift", .softmax) { x, _ in
      let terms = x.map(exp)
      let sum = terms.reduce(0, +)
      return terms.map { $0 / sum }
    },
    .row("chain-rule-through-p", .crossEntropyGradient) { x, t in
      let p = softmax(x)
      let y = oneHot(t, x.count)
      return p.indices.map { i in p[Int(t)] * (p[i] - y[i]) * (1 / p[Int(t)]) }
    },
    .row("log-of-probability", .binaryCrossEntropy) { x, y in
      let p = 1 / (1 + exp(-x[0]))
      return [-(y * log(p) + (1 - y) * log(1 - p))]
    },
    .row("log-of-probability", .crossEntropy) { x, t in [-log(softmax(x)[Int(t)])] },
  ]

  private static let precision: [WrongLoss] = [
    .row("inputs-cast-down", .crossEntropy) { [loss($0.map(half), $1)] },
    .row("inputs-cast-down", .softplus) { x, _ in [binary(half(x[0]), 0)] },
    .row("inputs-cast-down", .crossEntropy) { x, t in
      let x = x.map(half)
      let greatest = x.max() ?? 0
      let shifted = x.map { half($0 - greatest) }
      let sum = shifted.map { half(exp($0)) }.reduce(0) { half($0 + $1) }
      return [half(half(log(sum)) - shifted[Int(t)])]
    },
    .row("outputs-cast-down", .sigmoid) { x, _ in [half(sigmoid(x[0]))] },
    .row("16-bit-accumulation", .softmax) { x, _ in
      let greatest = x.max() ?? 0
      let terms = x.map { exp($0 - greatest) }
      var sum: Float = 0
      for term in terms { sum = half(sum + half(term)) }
      return terms.map { $0 / sum }
    },
    .row("16-bit-accumulation", .crossEntropy) { x, t in
      let greatest = x.max() ?? 0
      let sum = half(x.map { half(exp($0 - greatest)) }.reduce(0, +))
      return [log(sum) - (x[Int(t)] - greatest)]
    },
    .row("16-bit-accumulation", .logSumExp) { x, _ in
      let greatest = x.max() ?? 0
      var sum: Float = 0
      for logit in x { sum = half(sum + half(exp(logit - greatest))) }
      return [greatest + log(sum)]
    },
  ]
}
