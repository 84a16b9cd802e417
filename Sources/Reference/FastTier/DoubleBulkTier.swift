internal import FastKernels
package import LossFunctions

/// Values of float64 through double-double arithmetic.
package struct DoubleBulkTier: BulkTier {
  private enum Kernel: Sendable {
    case oneLogit(OneLogitFunction)
    case row(WideRowTier)
  }

  private let kernel: Kernel
  private let function: LossFunction

  /// The tier for a function.
  ///
  /// - Returns: nil for functions without a kernel.
  package init?(_ function: LossFunction) {
    self.function = function
    if let oneLogit = OneLogitFunction(function, label: function.hasTarget ? 0 : nil) {
      kernel = .oneLogit(oneLogit)
    } else if let row = WideRowTier(function) {
      kernel = .row(row)
    } else {
      return nil
    }
  }

  package func fill(
    _ outputs: UnsafeMutableBufferPointer<Double>, logits: UnsafeBufferPointer<Double>,
    classCount: Int, labels: UnsafeBufferPointer<Int32>
  ) -> Bool {
    switch kernel {
    case .oneLogit(let oneLogit):
      withAlignedScratch(of: Double.self, capacity: 2 * bulkBlockSize) { scratch in
        fillBlocks(outputs, logits, labels, isGradient: function.isGradient, turn: lo_wide_turn) {
          logits, values in
          round(oneLogit, logits, scratch, into: values)
        }
      }
    case .row(let tier):
      fillRows(outputs, logits, classCount, labels, tier)
    }
  }

  private func round(
    _ oneLogit: OneLogitFunction, _ logits: UnsafeBufferPointer<Double>,
    _ scratch: UnsafeMutableBufferPointer<Double>, into values: UnsafeMutableBufferPointer<Double>
  ) -> Int {
    guard let start = logits.baseAddress, let high = scratch.baseAddress,
      let out = values.baseAddress
    else { return 0 }
    let low = high + bulkBlockSize
    let logitSign: Double = oneLogit.negatesLogit ? -1 : 1
    let valueSign: Double = oneLogit.negatesValue ? -1 : 1
    switch oneLogit.base {
    case .softplus: lo_wide_softplus(start, logits.count, logitSign, valueSign, high, low)
    case .sigmoid: lo_wide_sigmoid(start, logits.count, logitSign, valueSign, high, low)
    }
    return lo_round_double(high, low, logits.count, lo_wideBound, out)
  }

  private func fillRows(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ logits: UnsafeBufferPointer<Double>,
    _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>, _ tier: WideRowTier
  ) -> Bool {
    let hasOutputPerClass = function.hasOutputPerClass
    if RowTier.hasSmallGradients(function, classCount: classCount) {
      return fillSmallGradients(outputs, logits, classCount, labels)
    }
    if !hasOutputPerClass, RowTier.isSmall(classCount: classCount) {
      return fillSmallRows(outputs, logits, classCount, labels)
    }
    let outputCount = hasOutputPerClass ? classCount : 1
    var scratch = [Double](repeating: 0, count: hasOutputPerClass ? 2 * classCount : 0)
    var isDecided = true
    scratch.withUnsafeMutableBufferPointer { scratch in
      for row in 0..<logits.count / classCount {
        let values = UnsafeMutableBufferPointer(
          rebasing: outputs[row * outputCount..<(row + 1) * outputCount])
        let isRounded = tier.round(
          UnsafeBufferPointer(rebasing: logits[row * classCount..<(row + 1) * classCount]),
          label: labels.isEmpty ? 0 : Int(labels[row]),
          scratch: scratch.baseAddress.map { ($0, $0 + classCount) }, into: values)
        guard !isRounded else { continue }
        values.update(repeating: .nan)
        isDecided = false
      }
    }
    return isDecided
  }

  /// One value for each row, eight rows at a time.
  private func fillSmallRows(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ logits: UnsafeBufferPointer<Double>,
    _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>
  ) -> Bool {
    guard let start = logits.baseAddress else { return true }
    var isDecided = true
    let (rowCount, blockSize) = (logits.count / classCount, 64)
    withAlignedScratch(of: Double.self, capacity: 3 * blockSize) { scratch in
      guard let maxima = scratch.baseAddress else { return }
      let (high, low) = (maxima + blockSize, maxima + 2 * blockSize)
      for first in stride(from: 0, to: rowCount, by: blockSize) {
        let count = min(blockSize, rowCount - first)
        lo_wide_small_tails(start + first * classCount, count, classCount, maxima, high, low)
        for i in 0..<count {
          let row = first + i
          let tail = LOPair(high: high[i], low: low[i])
          var value: Double?
          if maxima[i].isNaN {
            value = nil
          } else if labels.isEmpty {
            value = WideRow.logSumExp(maximum: maxima[i], tail: tail)?.double
          } else if (0..<classCount).contains(Int(labels[row])) {
            let logit = logits[row * classCount + Int(labels[row])]
            value = WideRow.loss(maximum: maxima[i], logit: logit, tail: tail)?.double
          }
          outputs[row] = value ?? .nan
          isDecided = isDecided && value != nil
        }
      }
    }
    return isDecided
  }

  /// One value for each class, eight rows at a time.
  private func fillSmallGradients(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ logits: UnsafeBufferPointer<Double>,
    _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>
  ) -> Bool {
    guard let start = logits.baseAddress, let out = outputs.baseAddress else { return true }
    let (rowCount, blockSize) = (logits.count / classCount, RowTier.smallRowCount)
    let capacity = blockSize * (classCount + 1)
    var undecidedCount = 0
    withAlignedScratch(of: Double.self, capacity: 2 * capacity) { scratch in
      guard let high = scratch.baseAddress else { return }
      let low = high + capacity
      for first in stride(from: 0, to: rowCount, by: blockSize) {
        let count = min(blockSize, rowCount - first)
        lo_wide_small_gradients(
          start + first * classCount, count, classCount,
          function == .crossEntropyGradient ? labels.baseAddress.map { $0 + first } : nil, high, low
        )
        undecidedCount += lo_round_double(
          high, low, count * classCount, lo_wideBound, out + first * classCount)
      }
    }
    return undecidedCount == 0
  }
}
