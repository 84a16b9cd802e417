internal import Losses

/// A type of numbers that models are trained in.
///
/// As on the hardware of today, products are added up in float32 and the sums rounded to the type.
protocol TrainingScalar: LossScalar {
  init(_ value: Float)
  var float: Float { get }
}

extension Float: TrainingScalar {
  var float: Float { self }
}

extension NarrowFloat: TrainingScalar {}

/// The types that models are trained in, wide to narrow.
var trainingTypes: [any TrainingScalar.Type] { [Float.self, BFloat16.self, Binary16.self] }
