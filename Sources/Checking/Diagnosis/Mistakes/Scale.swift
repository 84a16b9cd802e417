internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// The right values times a factor, or one value for a whole batch.

extension Mistake {
  /// −f for f.
  static let signFlipped = Mistake(
    "sign-flipped", "the result has the opposite sign; negate it"
  ) { row, evidence in evidence.model.outputs(row).map { -$0 } }

  /// Logarithms to the base 2, all of them or that of the sum only.
  static let binaryLogarithm = Mistake(
    "log2-for-ln", "the logarithm is taken to the base 2; use the natural one"
  ) { evidence in
    let model = evidence.model
    switch evidence.function {
    case .sigmoid, .softmax, .binaryCrossEntropyGradient, .crossEntropyGradient: return []
    default: break
    }
    let all = Hypothesis { row in
      model.outputs(.init(row.input)).map { $0 / log(2.0) }
    }
    // max + log2 Σ e^(x − max): what is beside the logarithm is not divided.
    let sumOnly = Hypothesis { row in
      let right = model.outputs(.init(row.input))
      let x = row.input.logits.map(\.double)
      let excess: Double
      switch evidence.function {
      case .softplus, .logSigmoid, .binaryCrossEntropy:
        excess = log1p(exp(-abs(x[0])))
      default:
        excess = DoubleModel.logSumExp(x) - (x.max() ?? 0)
      }
      let change = excess * (1 / log(2.0) - 1)
      let sign: Double =
        evidence.function == .logSigmoid || evidence.function == .logSoftmax ? -1 : 1
      return right.map { $0 + sign * change }
    }
    return [all, sumOnly]
  }

  /// The right value times the number of rows or classes, or over it.
  static let scaled = Mistake(
    "wrong-denominator", "the result is scaled; check what the mean is taken over"
  ) { evidence in
    let model = evidence.model
    func scaled(
      _ detail: String, _ factor: @escaping @Sendable (ObservedBatch) -> Double
    ) -> Hypothesis {
      Hypothesis(detail) { batch in
        batch.rows.map { row in model.outputs(.init(row.input)).map { $0 * factor(batch) } }
      }
    }
    return [
      scaled("divided by the number of rows") { 1 / Double($0.rowCount) },
      scaled("divided by the number of classes") { 1 / Double($0.classCount) },
      scaled("times the number of rows") { Double($0.rowCount) },
      scaled("times the number of classes") { Double($0.classCount) },
      scaled("halved") { _ in 0.5 },
      scaled("doubled") { _ in 2 },
    ]
  }

  /// The mean of the batch for every row of it.
  static let batchMean = Mistake(
    "mean-for-none", "every row has the mean of the batch; it is to be reduced by no one"
  ) { evidence in
    [Hypothesis { batch in evidence.shared(batch) { $0 / Double(batch.rowCount) } }]
  }

  /// The sum of the batch for every row of it.
  static let batchSum = Mistake(
    "sum-for-none", "every row has the sum of the batch; it is to be reduced by no one"
  ) { evidence in [Hypothesis { batch in evidence.shared(batch) { $0 } }] }

  /// The gradient by the logits divided by the temperature, instead of that by the logits.
  static let temperatureUnscaled = Mistake(
    "gradient-unscaled", "the gradient is not divided by the temperature (chain rule)"
  ) { row, evidence in
    guard evidence.function.isGradient, let temperature = evidence.options.temperature?.double
    else { return nil }
    return evidence.model.outputs(row).map { $0 * temperature }
  }
}

extension Evidence {
  /// A value for all rows of a batch, made from the sum of the right ones.
  fileprivate func shared(
    _ batch: ObservedBatch, _ value: (Double) -> Double
  ) -> [[Double]?] {
    guard !function.hasOutputPerClass, batch.isWhole, batch.rowCount > 1 else {
      return batch.rows.map { _ in nil }
    }
    let sum = batch.rows.reduce(0) { $0 + (model.outputs(.init($1.input)).first ?? 0) }
    return batch.rows.map { _ in [value(sum)] }
  }
}
