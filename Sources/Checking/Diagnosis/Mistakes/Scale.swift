internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// The right values times a factor, of another base, or one value for a whole batch.

extension Mistake {
  /// −f for f.
  static let signFlipped = Mistake(
    "sign-flipped", "the result has the opposite sign; negate it"
  ) { row, evidence in evidence.model.outputs(row).map { -$0 } }

  /// Logarithms to the base 2 or 10, all of them or that of the sum only.
  static let binaryLogarithm = Mistake(
    "log2-for-ln", "the logarithm is taken to the base 2 or 10; use the natural one"
  ) { evidence in
    let model = evidence.model
    switch evidence.function {
    case .sigmoid, .softmax, .binaryCrossEntropyGradient, .crossEntropyGradient: return []
    default: break
    }
    let bases: [(String, Double)] = [("base 2", log(2)), ("base 10", log(10))]
    return bases.flatMap { text, unit in
      [
        Hypothesis(text, model.takingLogarithm { $0 / unit }),
        Hypothesis("\(text), of the result", model) { $0 / unit },
        // max + log2 Σ e^(x − max): what is beside the logarithm is not divided.
        Hypothesis(
          "\(text), of the sum",
          model.taking {
            $0.excess = { DoubleModel.excess($0, $1) / unit }
            $0.binaryLogarithms = { z in
              let excess = log1p(exp(-abs(z))) / unit
              return (-(max(-z, 0) + excess), -(max(z, 0) + excess))
            }
          }),
      ]
    }
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
        let factor = factor(batch)
        return batch.rows.map { row in model.outputs(row.row).map { $0 * factor } }
      }
    }
    // As good as chance, where something else explains as much.
    return [
      scaled("divided by the number of rows") { 1 / Double($0.rowCount) },
      scaled("divided by the number of classes") { 1 / Double($0.classCount) },
      scaled("times the number of rows") { Double($0.rowCount) },
      scaled("times the number of classes") { Double($0.classCount) },
      scaled("halved") { _ in 0.5 },
      scaled("doubled") { _ in 2 },
    ].map { $0.doubted() }
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

  /// −f where what is asked for is its exponential, and the like.
  static let otherFunction = Mistake(
    "another-function", "the result is that of another function"
  ) { evidence in
    let model = evidence.model
    switch evidence.function {
    case .crossEntropy, .binaryCrossEntropy:
      return [
        Hypothesis("the probability, without its logarithm", model) { exp(-$0) },
        Hypothesis("one less the probability", model) { -expm1(-$0) },
        Hypothesis("e^loss, a perplexity", model) { exp($0) },
      ]
    case .logSoftmax, .logSigmoid: return [Hypothesis("its exponential", model) { exp($0) }]
    case .logSumExp: return [Hypothesis("the sum, without its logarithm", model) { exp($0) }]
    default: return []
    }
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
    let sum = batch.rows.reduce(0) { $0 + (model.outputs($1.row).first ?? 0) }
    return batch.rows.map { _ in [value(sum)] }
  }
}
