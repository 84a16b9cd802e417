internal import FloatFormats
public import LossOracle

/// A loss of one's own, or a function that losses are made of, to be held against exact values.
///
/// Its type of numbers says in which format: `Float`, `Double`, `Float16` or `BFloat16`.
///
///     LossUnderTest.crossEntropy { (logits: [Float], label: Int) in myLoss(logits, label) }
///
/// It is called on several threads at a time. It may throw `UnsupportedCase` on rows that its claim
/// is not about; any other error counts as a crash.
public struct LossUnderTest: Sendable {
  let function: LossFunction
  let format: FloatFormat
  let options: LossOptions
  let subject: any Subject

  private init<T: LossScalar>(
    _ function: LossFunction, _: T.Type, _ options: LossOptions,
    _ outputs: @escaping @Sendable (Row<T>) throws -> [T]
  ) {
    self.function = function
    self.options = options
    format = T.format
    subject = RowSubject(outputs: outputs)
  }

  private static func binary<T: LossScalar>(
    _ function: LossFunction, _ options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (T, T) throws -> T
  ) -> LossUnderTest {
    LossUnderTest(function, T.self, options) { row in
      [try body(row.logits[0], row.probabilities?.first ?? 0)]
    }
  }

  private static func labelled<T: LossScalar>(
    _ function: LossFunction, _ options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable ([T], Int) throws -> [T]
  ) -> LossUnderTest {
    LossUnderTest(function, T.self, options) { row in
      guard function.hasTarget else { return try body(row.logits, 0) }
      guard let label = row.label else { throw UnsupportedCase("it takes class indices") }
      return try body(row.logits, label)
    }
  }

  private static func soft<T: LossScalar>(
    _ function: LossFunction, _ options: LossOptions,
    _ body: @escaping @Sendable ([T], [T]) throws -> [T]
  ) -> LossUnderTest {
    LossUnderTest(function, T.self, options) { row in
      var probabilities = row.probabilities ?? [T](repeating: 0, count: row.logits.count)
      if let label = row.label { probabilities[label] = 1 }
      return try body(row.logits, probabilities)
    }
  }
}

extension LossUnderTest {
  /// Any function, of a row with all that goes with it: parts of a loss in shards, divergences, gradients with a
  /// `grad_output`, which the options of the gradient of a loss ask for.
  ///
  ///     LossUnderTest.row(of: .shardPartials) { (row: Row<Float>) in [maximum, sum, logit] }
  ///
  /// A shard that has not the target gets -1 for `label`. What merges shards, `mergedCrossEntropy`, gets the
  /// maximum of each as `logits`, and as `gradOutput` the sum of each and then the target's logit of each, -∞ in all
  /// but one.
  public static func row<T: LossScalar>(
    of function: LossFunction, options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ row: Row<T>) throws -> [T]
  ) -> LossUnderTest {
    LossUnderTest(function, T.self, options, body)
  }

  /// σ(z) of a logit.
  public static func sigmoid<T: LossScalar>(
    _ body: @escaping @Sendable (_ logit: T) throws -> T
  ) -> LossUnderTest {
    binary(.sigmoid) { z, _ in try body(z) }
  }

  /// log σ(z) of a logit.
  public static func logSigmoid<T: LossScalar>(
    _ body: @escaping @Sendable (_ logit: T) throws -> T
  ) -> LossUnderTest {
    binary(.logSigmoid) { z, _ in try body(z) }
  }

  /// log(1 + e^z) of a logit.
  public static func softplus<T: LossScalar>(
    _ body: @escaping @Sendable (_ logit: T) throws -> T
  ) -> LossUnderTest {
    binary(.softplus) { z, _ in try body(z) }
  }

  /// The loss of a logit and a target in [0, 1].
  public static func binaryCrossEntropy<T: LossScalar>(
    options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ logit: T, _ target: T) throws -> T
  ) -> LossUnderTest {
    binary(.binaryCrossEntropy, options, body)
  }

  /// The derivative of that loss by the logit.
  public static func binaryCrossEntropyGradient<T: LossScalar>(
    options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ logit: T, _ target: T) throws -> T
  ) -> LossUnderTest {
    binary(.binaryCrossEntropyGradient, options, body)
  }

  /// log Σ e^x of a row.
  public static func logSumExp<T: LossScalar>(
    _ body: @escaping @Sendable (_ logits: [T]) throws -> T
  ) -> LossUnderTest {
    labelled(.logSumExp) { x, _ in [try body(x)] }
  }

  /// The softmax of a row.
  public static func softmax<T: LossScalar>(
    _ body: @escaping @Sendable (_ logits: [T]) throws -> [T]
  ) -> LossUnderTest {
    labelled(.softmax) { x, _ in try body(x) }
  }

  /// The logarithms of the softmax of a row.
  public static func logSoftmax<T: LossScalar>(
    _ body: @escaping @Sendable (_ logits: [T]) throws -> [T]
  ) -> LossUnderTest {
    labelled(.logSoftmax) { x, _ in try body(x) }
  }

  /// The loss of a row and the index of its class.
  public static func crossEntropy<T: LossScalar>(
    options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ logits: [T], _ label: Int) throws -> T
  ) -> LossUnderTest {
    labelled(.crossEntropy, options) { x, label in [try body(x, label)] }
  }

  /// The loss of a row and a probability for each class.
  public static func crossEntropy<T: LossScalar>(
    options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ logits: [T], _ probabilities: [T]) throws -> T
  ) -> LossUnderTest {
    soft(.crossEntropy, options) { x, y in [try body(x, y)] }
  }

  /// The derivatives of the loss by the logits.
  public static func crossEntropyGradient<T: LossScalar>(
    options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ logits: [T], _ label: Int) throws -> [T]
  ) -> LossUnderTest {
    labelled(.crossEntropyGradient, options, body)
  }

  /// The derivatives of the loss of probabilities by the logits.
  public static func crossEntropyGradient<T: LossScalar>(
    options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ logits: [T], _ probabilities: [T]) throws -> [T]
  ) -> LossUnderTest {
    soft(.crossEntropyGradient, options, body)
  }
}
