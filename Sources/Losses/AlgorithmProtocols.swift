public import FloatFormats
public import LossFunctions
public import RealModule

// One algorithm is one small file: a type that conforms to one of these and computes in any `Real`.
// The requirements of `Implementation` follow from that.

/// An algorithm for a function of one logit, and of a target where the function has one.
public protocol BinaryAlgorithm: Implementation {
  /// The value, every step rounded to T.
  func value<T: Real>(logit z: T, target y: T) -> T
}

extension BinaryAlgorithm {
  public func evaluate(_ input: LossInput, in format: FloatFormat) -> [FloatValue]? {
    guard let type = format.scalarType, let logit = input.logits.first else { return nil }
    var target = FloatValue.zero
    if function.hasTarget {
      guard case .probabilities(let probabilities) = input.target, let y = probabilities.first
      else {
        return nil
      }
      target = y
    }
    func compute<T: LossScalar>(_ type: T.Type) -> FloatValue {
      value(logit: T(logit), target: T(target)).floatValue
    }
    return [compute(type)]
  }
}

/// An algorithm for a function of a row of logits, and of a class index where it has a target.
public protocol CategoricalAlgorithm: Implementation {
  /// The outputs, every step rounded to T: one, or one for each class.
  ///
  /// - Parameters:
  ///   - x: One logit for each class, at least one.
  ///   - t: The index of the true class; 0 where the function has no target.
  func outputs<T: Real>(logits x: [T], label t: Int) -> [T]
}

extension CategoricalAlgorithm {
  public func evaluate(_ input: LossInput, in format: FloatFormat) -> [FloatValue]? {
    guard let type = format.scalarType else { return nil }
    var label = 0
    if function.hasTarget {
      guard case .index(let index) = input.target else { return nil }
      label = index
    }
    guard input.logits.indices.contains(label) else { return nil }
    func compute<T: LossScalar>(_ type: T.Type) -> [FloatValue] {
      outputs(logits: input.logits.map { T($0) }, label: label).map(\.floatValue)
    }
    return compute(type)
  }
}
