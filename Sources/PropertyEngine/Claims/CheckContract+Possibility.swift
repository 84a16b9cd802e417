internal import FloatFormats
internal import LossFunctions
internal import Reference

// What no number of ulps makes right: rounding gives no loss below 0, no row of probabilities that does not
// sum to 1, no gradient of 0 where there is one, and not the same number for rows that differ. Other grades
// than those numbers of ulps imply it.

extension CheckContract {
  /// Fails the rows whose outputs cannot be, by more than is common.
  func judgePossibility(
    _ rows: LossRows, _ compared: ComparedRows, _ judgements: inout Judgements
  ) {
    let ordinary = (0..<rows.count).filter {
      compared.isOrdinary($0) && judgements.failures[$0] == nil
    }
    let outputs = compared.computed.approximations
    for row in ordinary {
      let places = compared.places(ofRow: row)
      let message =
        places.lazy.compactMap { impossibility($0, outputs[$0], compared) }.first
        ?? sumImpossibility(places, outputs, compared)
      if let message { judgements.fail(row, Failure(.impossible, message)) }
    }
    guard ordinary.count > 1, let constant = outputs.first, outputs.allSatisfy({ $0 == constant })
    else { return }
    let values = compared.exact.values.approximations
    let missing = ordinary.filter { row in
      compared.places(ofRow: row).contains {
        (constant - values[$0]).magnitude > compared.allowedError($0)
      }
    }
    for row in missing where judgements.failures[row] == nil {
      let text = outputFormat.shortestDecimal(compared.computed[0])
      judgements.fail(row, Failure(.impossible, "gives \(text) for each of \(rows.count) rows"))
    }
  }

  private func impossibility(
    _ place: Int, _ output: Double, _ compared: ComparedRows
  ) -> String? {
    let allowed = compared.allowedError(place)
    let text = outputFormat.shortestDecimal(compared.computed[place])
    switch function {
    case .sigmoid, .softmax:
      return output < -allowed || output > 1 + allowed
        ? "gives \(text), and a probability lies between 0 and 1" : nil
    case .logSigmoid, .logSoftmax:
      return output > allowed
        ? "gives \(text), and the logarithm of a probability is not above 0" : nil
    case .softplus, .binaryCrossEntropy, .crossEntropy, .entropy, .klDivergence, .jsDivergence:
      return output < -allowed ? "gives \(text), and a loss is not below 0" : nil
    case .binaryCrossEntropyGradient, .crossEntropyGradient, .logSigmoidGradient,
      .softplusGradient, .sigmoidGradient, .logSumExpGradient, .softmaxGradient,
      .logSoftmaxGradient, .entropyGradient, .klDivergenceGradient, .jsDivergenceGradient:
      let exact = compared.exact.values[place]
      return output == 0 && exact.double.magnitude > allowed
        ? "a gradient of 0, exact \(outputFormat.shortestDecimal(exact))" : nil
    default: return nil
    }
  }

  private func sumImpossibility(
    _ places: Range<Int>, _ outputs: [Double], _ compared: ComparedRows
  ) -> String? {
    guard function == .softmax else { return nil }
    // The roundings of a plain sum of many classes are more than outputs in float64 may be off by.
    var sum = CompensatedSum<Double>()
    for output in outputs[places] { sum.add(output) }
    let allowed = places.reduce(0) { $0 + compared.allowedError($1) }
    return (sum.sum - 1 + sum.loss).magnitude > allowed
      ? "probabilities that sum to \(FloatFormat.float32.shortestDecimal(FloatValue(Float(sum.sum))))"
      : nil
  }
}

extension ComparedRows {
  /// What an output may be off by and be common.
  fileprivate func allowedError(_ place: Int) -> Double {
    (grader?.allowed(place) ?? .infinity).scaled(byPowerOfTwo: Int(exact.ulpExponents[place]))
  }
}

extension LossRows {
  /// Whether a row has numbers below the least normal one.
  func hasSubnormals(_ row: Int) -> Bool {
    let least = format.leastNormal
    return self[row].numbers.contains {
      !$0.isZero && $0.isFinite && $0.magnitude.isLess(than: least)
    }
  }

  /// The rows with 0 in the place of numbers below the least normal one.
  var flushed: LossRows {
    let least = format.leastNormal
    func flushed(_ value: FloatValue) -> FloatValue {
      value.isFinite && value.magnitude.isLess(than: least) ? .zero : value
    }
    var rows = LossRows(like: self)
    for row in 0..<count {
      var input = self[row]
      input.logits = input.logits.map(flushed)
      if let numbers = input.target.numbers {
        input.target = input.target.with(numbers.map(flushed))
      }
      input.gradOutput = input.gradOutput.map(flushed)
      rows.append(input)
    }
    return rows
  }
}
