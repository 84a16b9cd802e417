internal import FastKernels
package import FloatFormats
package import LossFunctions

/// Values of float16, bfloat16 and float32 through double arithmetic.
package struct FloatBulkTier: BulkTier {
  private enum Kernel: Sendable {
    case oneLogit(FastTier)
    case row(RowTier)
  }

  private let kernel: Kernel
  private let function: LossFunction
  private let format: FloatFormat
  private let test: RoundingTest
  /// The same of functions of one logit with targets between 0 and 1, with room for the gradient's bound.
  private let softTest: RoundingTest
  /// What the values of a row are multiplied by, in gradients of rows.
  private let factors: MeanFactors?

  /// The tier for a function.
  ///
  /// - Returns: nil for formats that are not in `FastTier.formats`, or functions without a kernel.
  package init?(_ function: LossFunction, in format: FloatFormat) {
    self.init(function, in: format, times: nil)
  }

  /// The same for gradients of a mean: with two roundings more, of the factor and of the product, which
  /// `lo_meanBelow` and `lo_meanAbove` leave room for.
  init?(_ function: LossFunction, in format: FloatFormat, times factors: MeanFactors?) {
    guard FastTier.formats.contains(format),
      factors == nil
        || [.crossEntropyGradient, .binaryCrossEntropyGradient].contains(function)
    else { return nil }
    self.factors = factors
    self.function = function
    self.format = format
    softTest = RoundingTest(format, function.isGradient ? .softGradient : .oneLogit)
    if let oneLogit = OneLogitFunction(function, label: function.hasTarget ? 0 : nil) {
      kernel = .oneLogit(FastTier(oneLogit))
      test = RoundingTest(format, factors == nil ? .oneLogit : .row)
    } else if let row = RowTier(function) {
      kernel = .row(row)
      test = RoundingTest(format, factors == nil ? .row : .rowOfMean)
    } else {
      return nil
    }
  }

  package func fill(
    _ outputs: UnsafeMutableBufferPointer<Float>, logits: UnsafeBufferPointer<Float>,
    classCount: Int, targets: BulkTargets<Float>
  ) -> Bool {
    let labels = targets.labels
    return switch kernel {
    case .oneLogit(let tier):
      withAlignedScratch(of: Double.self, capacity: bulkBlockSize) { approximations in
        fillBlocks(
          outputs, logits, targets, isGradient: function.isGradient, turn: lo_turn,
          { logits, values in
            tier.approximate(logits, into: approximations)
            let some = UnsafeMutableBufferPointer(rebasing: approximations[..<logits.count])
            factors?.multiplyAll(some)
            return test.round(UnsafeBufferPointer(some), to: format, into: values)
          },
          fillSoft: { logits, targets, values in
            let kernel = function.isGradient ? lo_soft_gradients : lo_soft_losses
            kernel(
              logits.baseAddress, targets.baseAddress, logits.count,
              approximations.baseAddress)
            let some = UnsafeMutableBufferPointer(rebasing: approximations[..<logits.count])
            factors?.multiplyAll(some)
            return softTest.round(UnsafeBufferPointer(some), to: format, into: values)
          })
      }
    case .row(let tier):
      if !function.hasOutputPerClass {
        fillLosses(outputs, logits, classCount, labels, tier)
      } else if RowTier.hasTiledOutputs(function, classCount: classCount) {
        fillTiles(outputs, logits, classCount, labels, tier)
      } else if function == .logSoftmax {
        fillLogProbabilities(outputs, logits, classCount, tier)
      } else {
        fillRows(outputs, logits, classCount, labels, tier)
      }
    }
  }

  /// One value for each row.
  private func fillLosses(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ logits: UnsafeBufferPointer<Float>,
    _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>, _ tier: RowTier
  ) -> Bool {
    var isDecided = true
    let rowCount = logits.count / classCount
    withAlignedScratch(of: Double.self, capacity: bulkBlockSize) { losses in
      for start in stride(from: 0, to: rowCount, by: bulkBlockSize) {
        let rows = start..<min(start + bulkBlockSize, rowCount)
        let some = UnsafeMutableBufferPointer(rebasing: losses[..<rows.count])
        tier.approximateLosses(
          UnsafeBufferPointer(
            rebasing: logits[rows.lowerBound * classCount..<rows.upperBound * classCount]),
          classCount: classCount,
          labels: UnsafeBufferPointer(rebasing: labels.isEmpty ? labels[...] : labels[rows]),
          into: some)
        let values = UnsafeMutableBufferPointer(rebasing: outputs[rows])
        guard test.round(UnsafeBufferPointer(some), to: format, into: values) > 0 else { continue }
        for row in rows where outputs[row].isNaN && !losses[row - start].isNaN {
          guard function == .crossEntropy else { continue }
          let rowLogits = UnsafeBufferPointer(
            rebasing: logits[row * classCount..<(row + 1) * classCount])
          guard let maximum = rowLogits.max() else { continue }
          outputs[row] =
            rounded(losses[row - start], maximum, rowLogits[Int(labels[row])]) ?? .nan
        }
        isDecided = isDecided && !values.contains(where: \.isNaN)
      }
    }
    return isDecided
  }

  /// One value for each of few classes.
  private func fillTiles(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ logits: UnsafeBufferPointer<Float>,
    _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>, _ tier: RowTier
  ) -> Bool {
    var isDecided = true
    let rowCount = logits.count / classCount
    // The logarithms of many rows overlap.
    let blockSize = (function == .logSoftmax ? 8 : 1) * RowTier.smallRowCount
    withAlignedScratch(of: Double.self, capacity: blockSize * classCount + 8) { approximations in
      for start in stride(from: 0, to: rowCount, by: blockSize) {
        let rows = start..<min(start + blockSize, rowCount)
        let range = rows.lowerBound * classCount..<rows.upperBound * classCount
        let tile = UnsafeBufferPointer(rebasing: logits[range])
        tier.approximateOutputs(
          tile, classCount: classCount,
          labels: labels.isEmpty ? labels : UnsafeBufferPointer(rebasing: labels[rows]),
          into: approximations)
        factors?.multiply(
          UnsafeMutableBufferPointer(rebasing: approximations[..<range.count]),
          labels: UnsafeBufferPointer(rebasing: labels[rows]), classCount: classCount)
        let values = UnsafeMutableBufferPointer(rebasing: outputs[range])
        guard
          test.round(
            UnsafeBufferPointer(rebasing: approximations[..<range.count]), to: format, into: values)
            > 0
        else { continue }
        if function == .logSoftmax {
          for row in 0..<rows.count {
            let places = row * classCount..<(row + 1) * classCount
            let logits = UnsafeBufferPointer(rebasing: tile[places])
            roundByHeads(
              logits, UnsafeBufferPointer(rebasing: approximations[places]),
              maximum: logits.max() ?? 0, into: UnsafeMutableBufferPointer(rebasing: values[places])
            )
          }
        }
        isDecided = isDecided && !values.contains(where: \.isNaN)
      }
    }
    return isDecided
  }

  /// The logarithms of probabilities.
  private func fillLogProbabilities(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ logits: UnsafeBufferPointer<Float>,
    _ classCount: Int, _ tier: RowTier
  ) -> Bool {
    var isDecided = true
    let rowCount = logits.count / classCount
    let groupSize = RowTier.logRowCount(classCount: classCount)
    withUnsafeTemporaryAllocation(of: RowTier.Shares.self, capacity: groupSize) { shares in
      shares.initialize(repeating: RowTier.Shares(maximum: .nan, scale: .nan))
      for start in stride(from: 0, to: rowCount, by: groupSize) {
        let rows = start..<min(start + groupSize, rowCount)
        tier.logShares(
          UnsafeBufferPointer(
            rebasing: logits[rows.lowerBound * classCount..<rows.upperBound * classCount]),
          classCount: classCount, into: shares)
        for row in rows {
          let range = row * classCount..<(row + 1) * classCount
          let values = UnsafeMutableBufferPointer(rebasing: outputs[range])
          guard !shares[row - start].maximum.isNaN else {
            values.update(repeating: .nan)
            isDecided = false
            continue
          }
          let isRounded = roundLogProbabilities(
            UnsafeBufferPointer(rebasing: logits[range]), tier, shares[row - start], into: values)
          isDecided = isDecided && isRounded
        }
      }
    }
    return isDecided
  }

  private func roundLogProbabilities(
    _ logits: UnsafeBufferPointer<Float>, _ tier: RowTier, _ shares: RowTier.Shares,
    into values: UnsafeMutableBufferPointer<Float>
  ) -> Bool {
    if format == .float32,
      test.roundLogProbabilities(logits, maximum: shares.maximum, tail: shares.scale, into: values)
    {
      return true
    }
    return withAlignedScratch(of: Double.self, capacity: bulkBlockSize) { scratch in
      roundBlocks(logits, 0, tier, shares, scratch, into: values)
    }
  }

  /// One value for each class.
  private func fillRows(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ logits: UnsafeBufferPointer<Float>,
    _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>, _ tier: RowTier
  ) -> Bool {
    var isDecided = true
    let keepsExponentials = classCount <= RowTier.keptClassCount
    withAlignedScratch(
      of: Double.self, capacity: keepsExponentials ? classCount : bulkBlockSize
    ) { scratch in
      for row in 0..<logits.count / classCount {
        let range = row * classCount..<(row + 1) * classCount
        let rowLogits = UnsafeBufferPointer(rebasing: logits[range])
        let values = UnsafeMutableBufferPointer(rebasing: outputs[range])
        let label = labels.isEmpty ? 0 : Int(labels[row])
        if let factors, factors.ignores(Int32(truncatingIfNeeded: label)) {
          values.update(repeating: 0)
          continue
        }
        guard rowLogits.indices.contains(label) else {
          values.update(repeating: .nan)
          isDecided = false
          continue
        }
        let isRounded =
          keepsExponentials
          ? round(rowLogits, label, tier, scratch, into: values)
          : roundTwice(rowLogits, label, tier, scratch, into: values)
        isDecided = isDecided && isRounded
      }
    }
    return isDecided
  }

  /// A row whose exponentials are kept; whether all values are decided.
  private func round(
    _ logits: UnsafeBufferPointer<Float>, _ label: Int, _ tier: RowTier,
    _ scratch: UnsafeMutableBufferPointer<Double>, into values: UnsafeMutableBufferPointer<Float>
  ) -> Bool {
    guard tier.approximate(logits, label: label, into: scratch) else {
      values.update(repeating: .nan)
      return false
    }
    if let factor = factors?.factor(Int32(label)) {
      lo_scale(scratch.baseAddress, logits.count, factor.high)
      if factor.high == 0, !scratch[label].isNaN { scratch[label] = 0 }
    }
    return test.round(UnsafeBufferPointer(scratch), to: format, into: values) == 0
  }

  /// A row whose exponentials are taken twice.
  private func roundTwice(
    _ logits: UnsafeBufferPointer<Float>, _ label: Int, _ tier: RowTier,
    _ scratch: UnsafeMutableBufferPointer<Double>, into values: UnsafeMutableBufferPointer<Float>
  ) -> Bool {
    guard var shares = tier.shares(logits, label: label) else {
      values.update(repeating: .nan)
      return false
    }
    if let factor = factors?.factor(Int32(label)) { shares.multiply(by: factor.high) }
    return roundBlocks(logits, label, tier, shares, scratch, into: values)
  }

  /// A row block by block.
  private func roundBlocks(
    _ logits: UnsafeBufferPointer<Float>, _ label: Int, _ tier: RowTier, _ shares: RowTier.Shares,
    _ scratch: UnsafeMutableBufferPointer<Double>, into values: UnsafeMutableBufferPointer<Float>
  ) -> Bool {
    var isDecided = true
    for start in stride(from: 0, to: logits.count, by: bulkBlockSize) {
      let range = start..<min(start + bulkBlockSize, logits.count)
      let block = UnsafeBufferPointer(rebasing: logits[range])
      let some = UnsafeMutableBufferPointer(rebasing: scratch[..<range.count])
      tier.approximate(block, shares, into: some)
      if let own = shares.own, range.contains(label) { some[label - start] = own }
      let outputs = UnsafeMutableBufferPointer(rebasing: values[range])
      guard test.round(UnsafeBufferPointer(some), to: format, into: outputs) > 0 else { continue }
      if function == .logSoftmax {
        roundByHeads(
          block, UnsafeBufferPointer(some), maximum: Float(shares.maximum), into: outputs)
      }
      isDecided = isDecided && !outputs.contains(where: \.isNaN)
    }
    return isDecided
  }

  /// The logarithms of probabilities that are left, where their heads, the differences, decide.
  private func roundByHeads(
    _ logits: UnsafeBufferPointer<Float>, _ approximations: UnsafeBufferPointer<Double>,
    maximum: Float, into values: UnsafeMutableBufferPointer<Float>
  ) {
    for i in values.indices where values[i].isNaN && !approximations[i].isNaN {
      values[i] = rounded(-approximations[i], maximum, logits[i]).map { -$0 } ?? .nan
    }
  }

  /// A loss whose head may be a midpoint.
  private func rounded(_ loss: Double, _ maximum: Float, _ logit: Float) -> Float? {
    RowTier.ends(loss, maximum: maximum, logit: logit).flatMap { test.rounded($0) }
  }
}
