internal import FloatFormats
internal import Foundation
internal import LossFunctions
internal import Multiprecision

// Numbers that are narrower on the way than at its ends.

extension Mistake {
  /// The logits rounded to a narrower format before the loss.
  static let inputsCastDown = Mistake(
    "inputs-cast-down", "the logits are rounded to a narrower format before the loss"
  ) { evidence in
    evidence.narrowerFormats.map { format in
      Hypothesis("to \(format)") { row in
        let row = DoubleModel.Row(row.input)
        return evidence.model.outputs(row.with(row.logits.map { format.nearest($0) }))
      }
    }
  }

  /// The outputs rounded to a narrower format.
  static let outputsCastDown = Mistake(
    "outputs-cast-down", "the result is rounded to a narrower format on its way out"
  ) { evidence in
    evidence.narrowerFormats.map { format in
      Hypothesis("to \(format)") { row in
        evidence.model.outputs(DoubleModel.Row(row.input)).map { format.nearest($0) }
      }
    }
  }

  /// Sums of exponentials kept in 16 bits.
  static let narrowAccumulation = Mistake(
    "16-bit-accumulation",
    "the sum of exponentials is kept in 16 bits, so that small terms vanish; use a wider one"
  ) { evidence in
    [FloatFormat.bfloat16, .float16].map { format in
      Hypothesis("\(format)") { row in
        let row = DoubleModel.Row(row.input)
        let right = evidence.model.outputs(row)
        let x = row.logits
        guard !evidence.function.isBinary, let greatest = x.max() else { return nil }
        var sum = 0.0
        for logit in x {
          sum = format.nearest(sum + format.nearest(DoubleModel.exponential(logit - greatest)))
        }
        let change = log(sum) - (DoubleModel.logSumExp(x) - greatest)
        switch evidence.function {
        case .logSumExp, .crossEntropy: return right.map { $0 + change }
        case .logSoftmax: return right.map { $0 - change }
        case .softmax: return right.map { $0 * DoubleModel.exponential(-change) }
        case .crossEntropyGradient:
          let y = evidence.model.smoothed(row)
          return zip(right, y).map { ($0 + $1) * DoubleModel.exponential(-change) - $1 }
        default: return nil
        }
      }
    }
  }
}

extension Evidence {
  /// The formats that have fewer bits than the coarser end.
  fileprivate var narrowerFormats: [FloatFormat] {
    let precision = min(format.precision, outputFormat.precision)
    return [.float32, .float16, .bfloat16, .float8E4M3FN, .float8E5M2]
      .filter { $0.precision < precision }
  }
}

extension FloatFormat {
  /// The nearest number of the format, as a double.
  func nearest(_ value: Double) -> Double {
    rounded(FloatValue(value), .nearestEven).double
  }
}
