internal import FloatFormats
internal import LossFunctions

// Gradients that multiply by something else than `grad_output`, or leave a part of a vector–Jacobian product out.

extension Mistake {
  /// 1 for g, or the gradient's own sign for that of g.
  static let upstreamLeftOut = Mistake(
    "upstream-left-out", "the derivative is not multiplied by grad_output; multiply it"
  ) { evidence in
    guard evidence.hasGradOutput else { return [] }
    let model = evidence.model
    return [
      Hypothesis("1 for it") { row in model.outputs(row.row.withGradOutput { _ in 1 }) },
      Hypothesis("its magnitude for it") { row in
        model.outputs(row.row.withGradOutput { $0.magnitude })
      },
    ]
  }

  /// g in a narrower format than the logits.
  static let upstreamRounded = Mistake(
    "upstream-rounded",
    "grad_output is rounded to a narrower format before the derivative is multiplied by it; keep its digits"
  ) { evidence in
    guard evidence.hasGradOutput else { return [] }
    let model = evidence.model
    return [FloatFormat.float32, .bfloat16, .float16]
      .filter { $0.precision < evidence.format.precision }
      .map { format in
        Hypothesis("to \(format)") { row in
          model.outputs(row.row.withGradOutput { format.nearest($0) })
        }
      }
  }

  /// The Jacobian's diagonal for all of it, or the first term for both.
  static let jacobianLeftOut = Mistake(
    "sum-left-out-of-vjp",
    "the sum over the classes is left out of the vector-Jacobian product; take it off"
  ) { evidence in
    let model = evidence.model
    switch evidence.function {
    case .softmaxGradient:
      return [
        model.product("p g") { $0 * $1 },
        model.product("p (1 - p) g, the diagonal") { $0 * (1 - $0) * $1 },
        model.product("(1 - p) g") { (1 - $0) * $1 },
      ]
    case .logSoftmaxGradient:
      return [
        model.product("g") { $1 }, model.product("(1 - p) g, the diagonal") { (1 - $0) * $1 },
        model.product("g - p") { $1 - $0 }, model.product("g - p g") { $1 - $0 * $1 },
      ]
    default: return []
    }
  }

  /// Σ g for Σ p·g and the other way round: the product of the other one of softmax and log-softmax.
  static let wrongSumOfVJP = Mistake(
    "wrong-sum-in-vjp",
    "the vector-Jacobian product takes off another sum: softmax has p (g - sum p g), log-softmax g - p sum g"
  ) { evidence in
    let model = evidence.model
    @Sendable func sums(_ p: [Double], _ g: [Double]) -> (plain: Double, mean: Double) {
      (g.reduce(0, +), zip(p, g).reduce(0) { $0 + $1.0 * $1.1 })
    }
    switch evidence.function {
    case .softmaxGradient:
      return [
        model.products("p (g - sum g)") { p, g in
          let sum = sums(p, g).plain
          return zip(p, g).map { $0 * ($1 - sum) }
        },
        model.products("p g - sum p g") { p, g in
          let mean = sums(p, g).mean
          return zip(p, g).map { $0 * $1 - mean }
        },
        model.products("g - p sum g") { p, g in
          let sum = sums(p, g).plain
          return zip(p, g).map { $1 - $0 * sum }
        },
        model.products("p (g - mean g)") { p, g in
          let mean = sums(p, g).plain / Double(g.count)
          return zip(p, g).map { $0 * ($1 - mean) }
        },
      ]
    case .logSoftmaxGradient:
      return [
        model.products("g - sum p g") { p, g in
          let mean = sums(p, g).mean
          return g.map { $0 - mean }
        },
        model.products("p (g - sum p g)") { p, g in
          let mean = sums(p, g).mean
          return zip(p, g).map { $0 * ($1 - mean) }
        },
        model.products("g - sum g / n") { _, g in
          let mean = g.reduce(0, +) / Double(g.count)
          return g.map { $0 - mean }
        },
        model.products("g - p sum p g") { p, g in
          let mean = sums(p, g).mean
          return zip(p, g).map { $1 - $0 * mean }
        },
      ]
    default: return []
    }
  }

  /// The derivative by the output's formula, of the input: z(1 − z) for p(1 − p).
  static let inputForOutput = Mistake(
    "input-for-output",
    "the gradient takes the logits for the output of its function; hand it the output, or the logits to one of these"
  ) { evidence in
    switch evidence.function {
    case .sigmoidGradient:
      return [
        Hypothesis { row in
          let z = row.row.logits[0]
          return row.row.gradOutput.map { $0 * z * (1 - z) }
        },
        Hypothesis("of the sigmoid of the output") { row in
          let p = DoubleModel.sigmoid(DoubleModel.sigmoid(row.row.logits[0]))
          return row.row.gradOutput.map { $0 * p * (1 - p) }
        },
      ]
    case .softmaxGradient:
      return [
        Hypothesis { row in
          let (x, g) = (row.row.logits, row.row.gradOutput)
          let mean = zip(x, g).reduce(0) { $0 + $1.0 * $1.1 }
          return zip(x, g).map { $0 * ($1 - mean) }
        }
      ]
    case .logSoftmaxGradient:
      return [
        Hypothesis { row in
          let (x, g) = (row.row.logits, row.row.gradOutput)
          let sum = g.reduce(0, +)
          return zip(x, g).map { $1 - DoubleModel.exponential($0) * sum }
        }
      ]
    default: return []
    }
  }

  /// β left out, or taken for a factor of the derivative.
  static let sharpnessMisplaced = Mistake(
    "beta-misplaced",
    "beta is left out or misplaced: the softplus is log(1 + e^(beta z)) / beta, its derivative s(beta z)"
  ) { evidence in
    guard let beta = evidence.options.beta?.double, beta != 1 else { return [] }
    let model = evidence.model
    return [
      Hypothesis("left out", model.with { $0.beta = nil }),
      Hypothesis("the result times it", model) { $0 * beta },
      Hypothesis("the result over it", model) { $0 / beta },
    ]
  }
}

extension DoubleModel {
  /// The gradient of each class as a function of its p and its g.
  fileprivate func product(
    _ detail: String, _ output: @escaping @Sendable (_ p: Double, _ g: Double) -> Double
  ) -> Hypothesis {
    products(detail) { p, g in zip(p, g).map(output) }
  }

  /// The gradient of all classes as a function of p and g.
  fileprivate func products(
    _ detail: String, _ outputs: @escaping @Sendable (_ p: [Double], _ g: [Double]) -> [Double]
  ) -> Hypothesis {
    Hypothesis(detail) { row in
      byLogits(outputs(probabilities(scaled(row.row)), row.row.gradOutput), row.row)
    }
  }
}

extension Evidence {
  /// Whether gradients are multiplied by `grad_output`.
  fileprivate var hasGradOutput: Bool {
    [.row, .classes].contains(function.gradOutputKind(options))
  }
}

extension DoubleModel.Row {
  /// The row with other numbers to multiply by.
  fileprivate func withGradOutput(_ change: (Double) -> Double) -> DoubleModel.Row {
    var row = self
    row.gradOutput = gradOutput.map(change)
    return row
  }
}
