internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine
internal import SmallFoundation

// Numbers that are narrower on the way than at its ends.

extension Mistake {
  /// m + log Σ e^(x − m), rounded, and then the target's logit taken off.
  static let maximumAddedBack = Mistake(
    "maximum-added-back",
    "log Σ e^x is rounded with the greatest logit in it before a logit is taken off; use (x − m) − log Σ e^(x − m)"
  ) { evidence in
    guard !evidence.function.isBinary, evidence.function != .logSumExp else { return [] }
    let model = evidence.model
    return evidence.computingFormats.flatMap { format in
      [
        Hypothesis(
          "in \(format)",
          model.taking {
            $0.excess = { x, greatest in
              let excess = DoubleModel.excess(x, greatest)
              return greatest.isFinite ? format.nearest(greatest + excess) - greatest : excess
            }
          }),
        Hypothesis(
          "in \(format), after the sum has been rounded",
          model.taking {
            $0.excess = { x, greatest in
              let excess = format.nearest(DoubleModel.excess(x, greatest))
              return greatest.isFinite ? format.nearest(greatest + excess) - greatest : excess
            }
          }),
      ]
    }
  }

  /// The logits rounded to a narrower format before the loss.
  static let inputsCastDown = Mistake(
    "inputs-cast-down", "the logits are rounded to a narrower format before the loss"
  ) { evidence in
    // What is left of two rows after roundings to 16 bits tells nothing of where these were.
    guard !evidence.function.isOfDistributions else { return [] }
    let model = evidence.model
    return evidence.narrowerFormats.flatMap { format in
      evidence.handingOver("to \(format)") { $0.map { format.nearest($0) } }
    }
      // All that follows in that format too: what comes out is a number of it, and its rounding errors
      // are not told from the cast. Of 8 bits they would be as large as what is told apart.
      + evidence.formatsOfFewerBits.filter { $0.precision > 4 }.map { format in
        Hypothesis("to \(format), and the loss computed in it") { row in
          let outputs = model.outputs(row.row.with(row.row.logits.map { format.nearest($0) }))
          let isNear = zip(row.computed, outputs).allSatisfy { computed, output in
            guard computed.isFinite, output.isFinite else {
              return computed.isFinite == output.isFinite
            }
            let tolerance = evidence.tolerance(
              row, output, .coarse, unitRoundoff: format.unitRoundoff)
            return format.nearest(computed) == computed
              && (computed - output).magnitude <= tolerance
          }
          return isNear && row.computed.count == outputs.count ? row.computed : outputs
        }.doubted(0.1)
      }
      + (evidence.options.present.isDisjoint(with: LossOption.beforeTheLoss)
        ? []
        : (evidence.narrowerFormats + (evidence.format.precision < 24 ? [evidence.format] : [])).map
        { format in
          Hypothesis(
            "to \(format), after the options",
            model.taking { $0.before = { (format.nearest($1.value($0)), $1.slope($0)) } })
        })
  }

  /// The outputs rounded to a narrower format.
  static let outputsCastDown = Mistake(
    "outputs-cast-down", "the result is rounded to a narrower format on its way out"
  ) { evidence in
    let model = evidence.model
    let formats = [FloatFormat.float32, .float16, .bfloat16, .float8E4M3FN, .float8E5M2]
      .filter { $0.precision < evidence.outputFormat.precision }
    return formats.map { format in
      Hypothesis("to \(format)", model) { format.nearest($0) }
    }
  }

  /// p in 16 bits, before a logarithm or a difference is taken of it.
  static let narrowProbability = Mistake(
    "probability-in-16-bits",
    "probabilities are rounded to 16 bits before what is taken of them; keep them in float32"
  ) { evidence in
    let isGradient = evidence.function.isGradient
    let formats = [FloatFormat.bfloat16, .float16].filter {
      // A probability in its own format is what a softmax gives.
      let output = evidence.outputFormat
      return isGradient || $0.precision < output.precision
        || $0.leastSubnormal.exponent > output.leastSubnormal.exponent
    }
    guard
      isGradient
        || [.crossEntropy, .logSoftmax, .binaryCrossEntropy, .logSigmoid].contains(
          evidence.function)
    else { return [] }
    return formats.map { format in
      var model = evidence.model
      if isGradient {
        model = model.taking { $0.probability = { format.nearest($0) } }
      } else {
        model = model.takingLogarithm { log(format.nearest(exp($0))) }
      }
      return Hypothesis("\(format)", model)
    }
  }

  /// Sums of exponentials kept in 16 bits.
  static let narrowAccumulation = Mistake(
    "16-bit-accumulation",
    "the sum of exponentials is kept in 16 bits, so that small terms vanish; use a wider one"
  ) { evidence in
    // Rounded after every addition, or, where a library widens within its loop, at the end; of terms that
    // are rounded, or not.
    guard !evidence.function.isBinary else { return [] }
    func form(_ format: FloatFormat, roundsTerms: Bool, isRoundedOnce: Bool) -> [Hypothesis] {
      let model = evidence.model.taking {
        $0.excess = { x, greatest in
          guard greatest.isFinite else { return DoubleModel.excess(x, greatest) }
          var sum = 0.0
          for logit in x {
            let term = DoubleModel.exponential(logit - greatest)
            sum += roundsTerms ? format.nearest(term) : term
            if !isRoundedOnce { sum = format.nearest(sum) }
          }
          return log(format.nearest(sum))
        }
      }
      let rounded = model.taking { $0.term = { format.nearest($0) } }
      let isOfTerms = [.softmax, .crossEntropyGradient].contains(evidence.function) && roundsTerms
      return (isOfTerms ? [model, rounded] : [model]).map { Hypothesis("\(format)", $0) }
    }
    return [FloatFormat.bfloat16, .float16].flatMap { format in
      [true, false].flatMap { isRoundedOnce in
        [true, false].flatMap { roundsTerms in
          form(format, roundsTerms: roundsTerms, isRoundedOnce: isRoundedOnce)
        }
      }
    }
  }
}
