// The losses to check: replace them with your own.

import Foundation

/// A type whose exponential and logarithm the losses need.
protocol LossScalar: BinaryFloatingPoint, BitwiseCopyable {
  static func exponential(_ x: Self) -> Self
  /// log(1 + x).
  static func logarithmOfOnePlus(_ x: Self) -> Self
}

extension Float: LossScalar {
  static func exponential(_ x: Float) -> Float { exp(x) }
  static func logarithmOfOnePlus(_ x: Float) -> Float { log1p(x) }
}

extension Double: LossScalar {
  static func exponential(_ x: Double) -> Double { exp(x) }
  static func logarithmOfOnePlus(_ x: Double) -> Double { log1p(x) }
}

/// −log softmax(logits)[label], from terms of one sign, so that nothing cancels.
func crossEntropy<Scalar: LossScalar>(logits: ArraySlice<Scalar>, label: Int) -> Scalar {
  var greatest = logits.startIndex
  for i in logits.indices where logits[i] > logits[greatest] { greatest = i }
  var others: Scalar = 0
  for i in logits.indices where i != greatest {
    others += Scalar.exponential(logits[i] - logits[greatest])
  }
  let gap = logits[greatest] - logits[logits.startIndex + label]
  return gap + Scalar.logarithmOfOnePlus(others)
}

/// −y log σ(z) − (1 − y) log(1 − σ(z)).
func binaryCrossEntropy<Scalar: LossScalar>(logit z: Scalar, target y: Scalar) -> Scalar {
  let linear = z > 0 ? z * (1 - y) : -z * y
  return linear + Scalar.logarithmOfOnePlus(Scalar.exponential(-abs(z)))
}
