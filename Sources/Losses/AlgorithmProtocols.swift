public import FloatFormats
public import LossFunctions
public import RealModule

// One algorithm is one small file: a type that conforms to one of these and computes in any `Real`.
// The requirements of `Implementation` follow from that. Its texts are computed, not stored: a form that
// builds on another one makes it for each logit, and would retain and release every stored text.

/// An implementation of a function of one logit that takes many logits of float32 in one call, for
/// those who ask for billions: the loop is compiled for the implementation.
public protocol Float32Batches: Implementation {
  /// The value of each logit, for one target. There is room for as many values as logits.
  func fill(
    _ values: UnsafeMutableBufferPointer<Float>, logits: UnsafeBufferPointer<Float>, target: Float)
}

/// An implementation of a categorical function that takes many pairs of logits of a format of at most 32
/// bits in one call.
public protocol PairBatches: Implementation {
  /// The outputs of the rows of two classes that `first` makes with each of `seconds`, for the class
  /// `label`: one value a row, or two.
  ///
  /// - Returns: false where the implementation does not support the format.
  func fill(
    _ values: UnsafeMutableBufferPointer<Float>, first: Float,
    seconds: UnsafeBufferPointer<Float>, label: Int, in format: FloatFormat
  ) -> Bool
}

/// An algorithm for a function of one logit, and of a target where the function has one.
public protocol BinaryAlgorithm: Float32Batches {
  /// The value, every step rounded to T.
  func value<T: Real>(logit z: T, target y: T) -> T
}

extension BinaryAlgorithm {
  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, logits: UnsafeBufferPointer<Float>, target: Float
  ) {
    for i in logits.indices { values[i] = value(logit: logits[i], target: target) }
  }

  public func evaluate(_ input: LossInput, in format: FloatFormat) -> [FloatValue]? {
    guard let logit = input.logits.first else { return nil }
    var target = FloatValue.zero
    if function.hasTarget {
      guard case .probabilities(let probabilities) = input.target, let y = probabilities.first
      else {
        return nil
      }
      target = y
    }
    func compute<T: LossScalar>(_ type: T.Type) -> [FloatValue]? {
      [value(logit: T(logit), target: T(target)).floatValue]
    }
    // The types by name, so that each is compiled for itself rather than called through tables.
    if format == .float32 { return compute(Float.self) }
    if format == .float64 { return compute(Double.self) }
    if format == .bfloat16 { return compute(BFloat16.self) }
    if format == .float16 { return compute(Binary16.self) }
    guard let type = format.scalarType else { return nil }
    return compute(type)
  }
}

/// An algorithm for a function of a row of logits, and of a class index where it has a target.
public protocol CategoricalAlgorithm: PairBatches {
  /// The outputs, every step rounded to T: one, or one for each class.
  ///
  /// - Parameters:
  ///   - x: One logit for each class, at least one.
  ///   - t: The index of the true class; 0 where the function has no target.
  func outputs<T: Real>(logits x: [T], label t: Int) -> [T]
}

extension CategoricalAlgorithm {
  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, first: Float,
    seconds: UnsafeBufferPointer<Float>, label: Int, in format: FloatFormat
  ) -> Bool {
    fillInLockstep(values, first: first, seconds: seconds, label: label, in: format)
  }

  public func evaluate(_ input: LossInput, in format: FloatFormat) -> [FloatValue]? {
    func compute<T: LossScalar>(_ type: T.Type) -> [FloatValue]? {
      let logits = input.logits.map { T($0) }
      guard !logits.isEmpty else { return nil }
      let result: [T]
      switch input.target {
      case _ where !function.hasTarget:
        result = outputs(logits: logits, label: 0)
      case .index(let label):
        guard logits.indices.contains(label) else { return nil }
        result = outputs(logits: logits, label: label)
      case .probabilities(let probabilities):
        guard probabilities.count == logits.count, let algorithm = self as? any SoftTargetAlgorithm
        else { return nil }
        result = algorithm.outputs(logits: logits, probabilities: probabilities.map { T($0) })
      case .none:
        return nil
      }
      return result.map(\.floatValue)
    }
    // The types by name, so that each is compiled for itself rather than called through tables.
    if format == .float32 { return compute(Float.self) }
    if format == .float64 { return compute(Double.self) }
    if format == .bfloat16 { return compute(BFloat16.self) }
    if format == .float16 { return compute(Binary16.self) }
    guard let type = format.scalarType else { return nil }
    return compute(type)
  }
}

/// An algorithm for a categorical function that also takes a probability for each class as target.
public protocol SoftTargetAlgorithm: CategoricalAlgorithm {
  /// The outputs, every step rounded to T: one, or one for each class.
  ///
  /// - Parameters:
  ///   - x: One logit for each class, at least one.
  ///   - y: One probability for each class; they need not add up to 1.
  func outputs<T: Real>(logits x: [T], probabilities y: [T]) -> [T]
}

/// Σ yᵢ·vᵢ from first to last, over the classes that have a probability: 0·∞ counts as 0.
@inlinable
func expectation<T: Real>(of values: [T], under probabilities: [T]) -> T {
  var sum: T = 0
  for (value, probability) in zip(values, probabilities) where probability != 0 {
    sum += probability * value
  }
  return sum
}
