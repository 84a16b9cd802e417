internal import FloatFormats
internal import Foundation
internal import LossFunctions
internal import Losses
internal import Multiprecision
internal import Reference
internal import Verification

// What the studies have in common: a row in a format, its exact value, and how numbers are shown.

/// The formats that studies compare, wide to narrow.
let studiedFormats: [FloatFormat] = LossScalars.all.map { $0.format }.reversed()

/// The built-in implementations of a function itself: label smoothing and the like make another one of
/// it, with other exact values.
func implementations(of function: LossFunction) -> [any Implementation] {
  Implementations.all.filter {
    $0.function == function && $0.options(classCount: 10) == LossOptions()
  }
}

extension LossInput {
  /// A binary case rounded to a format.
  init(logit: Double, target: Double, in format: FloatFormat) {
    self.init(
      logits: [FloatValue(format.nearest(logit))],
      target: .probabilities([FloatValue(format.nearest(target))]))
  }

  /// A categorical case rounded to a format.
  init(logits: [Double], label: Int, in format: FloatFormat) {
    self.init(logits: logits.map { FloatValue(format.nearest($0)) }, target: .index(label))
  }
}

extension LossFunction {
  /// The exact outputs.
  func exact(_ input: LossInput, in format: FloatFormat) throws -> [CertifiedValue] {
    try Reference().evaluate(self, input, in: format)
  }
}

/// A number in four digits at most.
func short(_ value: Double) -> String {
  if value.isNaN { return "NaN" }
  if value.isInfinite { return value < 0 ? "-inf" : "inf" }
  return String(format: "%.4g", value)
}

/// A share in percent.
func percent(_ count: Int, of total: Int) -> String {
  count == 0 ? "0" : String(format: "%.3g %%", 100 * Double(count) / Double(total))
}
