internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import SmallFoundation

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
      + evidence.narrowerFormats.map { format in
        // All that follows in that format too: what comes out is a number of it, and its rounding
        // errors are not told from the cast.
        Hypothesis("to \(format), and the loss computed in it") { observation in
          let row = DoubleModel.Row(observation.input)
          let outputs = evidence.model.outputs(row.with(row.logits.map { format.nearest($0) }))
          let computed = observation.computedValues
          let isNear = zip(computed, outputs).allSatisfy { computed, output in
            guard computed.isFinite, output.isFinite else {
              return computed.isFinite == output.isFinite
            }
            return format.nearest(computed) == computed
              && (computed - output).magnitude
                <= evidence.tolerance(observation, output, unitRoundoff: format.unitRoundoff)
          }
          return isNear && computed.count == outputs.count ? computed : outputs
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
    // Rounded after every addition, or, where a library widens within its loop, at the end.
    [FloatFormat.bfloat16, .float16].flatMap { format in
      [false, true].map { isRoundedOnce in
        Hypothesis("\(format)") { row in
          let row = DoubleModel.Row(row.input)
          let right = evidence.model.outputs(row)
          let x = row.logits
          guard !evidence.function.isBinary, let greatest = x.max() else { return nil }
          var sum = 0.0
          for logit in x {
            sum += format.nearest(DoubleModel.exponential(logit - greatest))
            if !isRoundedOnce { sum = format.nearest(sum) }
          }
          sum = format.nearest(sum)
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
}

extension Evidence {
  /// The formats that have fewer bits than the coarser end.
  fileprivate var narrowerFormats: [FloatFormat] {
    let precision = min(format.precision, outputFormat.precision)
    return [.float32, .float16, .bfloat16, .float8E4M3FN, .float8E5M2]
      .filter { $0.precision < precision }
  }
}
