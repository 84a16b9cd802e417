internal import FastKernels
public import FloatFormats
public import LossFunctions
public import Multiprecision

extension Reference {
  /// The cross-entropies of a linear layer's outputs, correctly rounded: one a row, or their sum or mean.
  ///
  /// The logits x_rc = Σ h_rk·w_ck + b_c are exact sums of products, and no logit is rounded. A matrix product in
  /// double arithmetic with a proven bound decides most values of at most 24 bits; what it leaves is taken
  /// again in more slices (see `SlicedProduct`), and what those leave goes to MPFR, as all losses under a
  /// soft cap do. The options are those of `LossOptions.ofLinearCrossEntropy`.
  ///
  /// - Parameters:
  ///   - format: That of the values.
  ///   - threadCount: The number of threads; the values do not depend on it.
  /// - Returns: A value for each row, or one.
  /// - Throws: `invalidInput`.
  /// - Complexity: O(rows · classes · width) time; memory for 2²² logits, however many rows there are. A value
  ///   that MPFR decides takes some 10 ns for each product of its row.
  public func linearCrossEntropy(
    _ input: LinearInput, options: LossOptions = LossOptions(), reduction: Reduction = .none,
    in format: FloatFormat = .float32, rounding direction: RoundingDirection = .nearestEven,
    threadCount: Int? = nil
  ) throws(ReferenceError) -> CertifiedRows {
    try validate(input, options, reduction)
    return withStandardArithmetic {
      let threads = threadCount ?? OrderedPieces.coreCount
      return reduction == .none
        ? losses(input, options, in: format, direction, threads)
        : reducedLoss(input, options, reduction, in: format, direction, threads)
    }
  }

  private func validate(
    _ input: LinearInput, _ options: LossOptions, _ reduction: Reduction
  ) throws(ReferenceError) {
    guard reduction == .mean || options.denominator == nil else {
      throw .invalidInput(.denominatorWithoutMean)
    }
    do {
      try input.validate(options)
    } catch {
      throw .invalidInput(error)
    }
  }

  /// The numbers of slices that are tried, one after the other: where the plain sums may decide, they do mostly.
  private func sliceCounts(_ format: FloatFormat, plainUpTo precision: Int) -> [Int] {
    format.precision <= precision ? [1, 3] : [3]
  }

  private func losses(
    _ input: LinearInput, _ options: LossOptions, in format: FloatFormat,
    _ direction: RoundingDirection, _ threadCount: Int
  ) -> CertifiedRows {
    var result = CertifiedRows(format, rowCount: input.rowCount, outputsPerRow: 1)
    if usesFastTier, let rounding = EnclosureRounding(format, direction) {
      for sliceCount in sliceCounts(format, plainUpTo: 24) {
        let pending = (0..<input.rowCount).filter {
          result.residuals[$0].isNaN && !input.ignores($0, options)
        }
        if pending.isEmpty { break }
        let balls = LinearLosses(
          input: input, options: options, sliceCount: sliceCount, threadCount: threadCount
        ).balls(of: pending)
        result.write(rounding) { writer in
          for (row, ball) in zip(pending, balls) {
            if let ball { writer.put(MagnitudeEnclosure(sum: ball), at: row) }
          }
        }
      }
    }
    result.decideRest(direction) { row -> any ExactFunction in
      if input.ignores(row, options) { return IgnoredRow(count: 1) }
      return LinearCrossEntropy(input: input, row: row, options: options)
    }
    return result
  }

  private func reducedLoss(
    _ input: LinearInput, _ options: LossOptions, _ reduction: Reduction,
    in format: FloatFormat, _ direction: RoundingDirection, _ threadCount: Int
  ) -> CertifiedRows {
    var result = CertifiedRows(format, rowCount: 1, outputsPerRow: 1)
    var rows = (0..<input.rowCount).filter { !input.ignores($0, options) }
    // One that is infinite, or NaN, decides.
    let limits = rows.filter { input.limit($0, options) != nil }
    if !limits.isEmpty { rows = limits }
    let parts = input.parts(options, reduction)
    if usesFastTier, limits.isEmpty, !rows.isEmpty,
      let rounding = EnclosureRounding(format, direction)
    {
      for sliceCount in sliceCounts(format, plainUpTo: 24) where result.residuals[0].isNaN {
        let total = total(of: rows, parts) {
          LinearLosses(
            input: input, options: $0, sliceCount: sliceCount, threadCount: threadCount)
        }
        guard let total else { continue }
        result.write(rounding) { $0.put(MagnitudeEnclosure(sum: total), at: 0) }
      }
    }
    result.decideRest(direction) { _ in
      BatchReduction(
        parts: parts.map { part, mean in
          (rows.map { LinearCrossEntropy(input: input, row: $0, options: part) }, mean)
        }, hasZLoss: options.hasZLoss)
    }
    return result
  }

  /// The sum of the losses of rows, each part over what divides it; nil where one is not certain.
  private func total(
    of rows: [Int], _ parts: [LinearPart], _ losses: (LossOptions) -> LinearLosses
  ) -> Ball? {
    var total = Ball(0)
    for (options, mean) in parts {
      var sum = Ball(0)
      for ball in losses(options).balls(of: rows) {
        guard let ball else { return nil }
        sum = sum + ball
      }
      if let mean {
        let divisor = mean.ball
        guard divisor.high > 0 else { return nil }
        sum = sum / divisor
      }
      total = total + sum
    }
    return total
  }
}

extension MagnitudeEnclosure {
  /// A sum of losses: 0 or positive.
  fileprivate init?(sum ball: Ball) {
    if ball.isZero {
      self.init(exactly: 0)
    } else {
      self.init(ball, isPositive: true)
    }
  }
}

// MARK: - Gradients

extension Reference {
  /// The gradient of the sum or the mean of the fused losses, correctly rounded: by the hidden rows
  /// [rows, width], by the weights [classes, width], or by the biases [classes].
  ///
  /// Without a reduction it is that of the sum Σ u_r·loss_r, with the input's `gradOutput` u, or ones. Where no
  /// row counts it is 0. What a soft cap is in goes to MPFR.
  ///
  /// - Throws: `invalidInput`, also for a `gradOutput` beside a reduction.
  /// - Returns: The values; what no theorem settles and 4,096 bits do not decide stays undecided.
  /// - Complexity: As of `linearCrossEntropy`, with six products of matrices for the logits and six for the sums. A hidden number that
  ///   MPFR decides takes a row's exponentials and products, a weight or bias those of all rows.
  public func linearCrossEntropyGradient(
    _ input: LinearInput, by parameter: LinearParameter, options: LossOptions = LossOptions(),
    reduction: Reduction = .none, in format: FloatFormat = .float32,
    rounding direction: RoundingDirection = .nearestEven, threadCount: Int? = nil
  ) throws(ReferenceError) -> CertifiedRows {
    try validate(input, options, reduction)
    guard input.gradOutput == nil || reduction == .none else {
      throw .invalidInput(.gradOutputBesideReduction)
    }
    return withStandardArithmetic {
      let gradient = LinearGradient(
        input: input, parameter: parameter, options: options,
        parts: input.parts(options, reduction))
      var result = CertifiedRows(
        format, rowCount: gradient.outputRowCount, outputsPerRow: gradient.outputsPerRow)
      if usesFastTier, let rounding = EnclosureRounding(format, direction) {
        let threads = threadCount ?? OrderedPieces.coreCount
        for sliceCount in sliceCounts(format, plainUpTo: 11) {
          guard gradient.decide(&result, rounding, sliceCount: sliceCount, threads) else { break }
        }
      }
      gradient.decideRest(&result, direction)
      return result
    }
  }
}

/// A gradient of the fused loss by one of its parameters.
private struct LinearGradient {
  let input: LinearInput
  let parameter: LinearParameter
  let options: LossOptions
  /// The losses that it is the gradient of, and what the sum of each is divided by.
  let parts: [LinearPart]

  var outputRowCount: Int {
    switch parameter {
    case .hidden: input.rowCount
    case .weight: input.classCount
    case .bias: 1
    }
  }

  var outputsPerRow: Int { parameter == .bias ? input.classCount : input.width }

  /// Decides what bounds decide with logits in so many slices.
  ///
  /// - Returns: Whether more slices may decide more.
  func decide(
    _ result: inout CertifiedRows, _ rounding: EnclosureRounding, sliceCount: Int,
    _ threadCount: Int
  ) -> Bool {
    var scale = Ball(1)
    var penalty = Ball(options.zLoss?.double ?? 0)
    if let mean = parts[0].mean, !mean.weights.isEmpty {
      let divisor = mean.ball
      guard divisor.high > 0 else { return false }
      scale = scale / divisor
      // A z-loss that has a denominator of its own.
      if parts.count > 1, let own = parts[1].mean?.ball {
        guard own.high > 0 else { return false }
        penalty = penalty * (divisor / own)
      }
    }
    let pending = (0..<input.rowCount).filter { row in
      guard !input.ignores(row, options), input.gradOutput?[row] != 0 else { return false }
      return parameter != .hidden
        || result.places(ofRow: row).contains { result.residuals[$0].isNaN }
    }
    guard !pending.isEmpty, result.residuals.contains(where: \.isNaN) else { return false }
    let tier = LinearGradientTier(
      input: input, options: options, rows: pending, scale: scale, penalty: penalty,
      sliceCount: sliceCount, threadCount: threadCount)
    result.write(rounding) { writer in
      switch parameter {
      case .hidden: tier.hiddenGradients(writer)
      case .weight: tier.weightGradients(writer)
      case .bias: tier.biasGradients(writer)
      }
    }
    return true
  }

  /// Leaves the rest to MPFR.
  func decideRest(_ result: inout CertifiedRows, _ direction: RoundingDirection) {
    if parameter == .hidden {
      return result.decideRest(direction) { row in
        if input.ignores(row, options) { return IgnoredRow(count: input.width) }
        guard let gradOutput = input.gradOutput?[row] else { return scaled { byHidden(row, $0) } }
        if gradOutput == 0, input.limit(row, options) != .notANumber {
          return IgnoredRow(count: input.width)
        }
        return TimesGradOutput(
          function: byHidden(row, options), gradOutput: FloatValue(gradOutput))
      }
    }
    result.decideRest(
      direction,
      asOne: scaled {
        LinearWeightGradient(input: input, options: $0, isOfBias: parameter == .bias)
      })
  }

  private func byHidden(_ row: Int, _ options: LossOptions) -> any ExactFunction {
    options.softcap == nil && !options.hasZLoss
      ? LinearHiddenGradient(input: input, row: row, options: options)
      : LinearCappedHiddenGradient(input: input, row: row, options: options)
  }

  /// The sum of the parts' gradients, each over what divides it.
  private func scaled(_ exact: (LossOptions) -> any ExactFunction) -> any ExactFunction {
    let means = parts.compactMap { options, mean in
      // Where no row counts the gradient is 0, and there is nothing to divide.
      mean.flatMap { $0.weights.isEmpty ? nil : ScaledByMean(function: exact(options), mean: $0) }
    }
    guard let first = means.first else { return exact(options) }
    return means.count == 1 ? first : SummedMeans(parts: means)
  }
}

extension CertifiedRows {
  /// Leaves all values that are not decided yet to MPFR at once, as those of one function.
  fileprivate mutating func decideRest(
    _ direction: RoundingDirection, asOne exact: any ExactFunction
  ) {
    let pending = residuals.indices.filter { residuals[$0].isNaN }
    guard !pending.isEmpty else { return }
    slowRowCount += Set(pending.map { $0 / outputsPerRow }).count
    do {
      try Certification.round(exact, pending, to: format, direction) { index, value in
        put(value, at: index)
      }
    } catch {
      for row in Set(pending.map({ $0 / outputsPerRow })) { leaveUndecided(row, error) }
    }
  }
}
