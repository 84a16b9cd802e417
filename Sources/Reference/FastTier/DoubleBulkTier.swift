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
  /// What the values of a row are multiplied by, in gradients of one logit and of few classes.
  private let factors: MeanFactors?

  /// The tier for a function.
  ///
  /// - Returns: nil for functions without a kernel.
  package init?(_ function: LossFunction) { self.init(function, times: nil) }

  /// The same for gradients of a mean, of one logit or of rows that are small.
  init?(_ function: LossFunction, times factors: MeanFactors?) {
    guard
      factors == nil
        || [.crossEntropyGradient, .binaryCrossEntropyGradient].contains(function)
    else { return nil }
    self.function = function
    self.factors = factors
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
    classCount: Int, targets: BulkTargets<Double>
  ) -> Bool {
    switch kernel {
    case .oneLogit(let oneLogit):
      withAlignedScratch(of: Double.self, capacity: 3 * bulkBlockSize) { scratch in
        fillBlocks(
          outputs, logits, targets, isGradient: function.isGradient, turn: lo_wide_turn,
          { round(oneLogit, $0, scratch, into: $1) })
      }
    case .row(let tier):
      fillRows(outputs, logits, classCount, targets.labels, tier)
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
    guard oneLogit.base == .softplus else {
      lo_wide_sigmoid(start, logits.count, logitSign, valueSign, high, low)
      factors?.multiplyAll((high, low), count: logits.count)
      return lo_round_double(high, low, logits.count, lo_wideBound, out)
    }
    guard lo_quick_softplus(start, logits.count, logitSign, valueSign, out) > 0 else { return 0 }
    // Those that are left, together.
    let rest = high + 2 * bulkBlockSize
    var count = 0
    for i in logits.indices where values[i].isNaN {
      rest[count] = logits[i]
      count += 1
    }
    lo_wide_softplus(rest, count, logitSign, valueSign, high, low)
    let undecidedCount = lo_round_double(high, low, count, lo_wideBound, rest)
    count = 0
    for i in logits.indices where values[i].isNaN {
      values[i] = rest[count]
      count += 1
    }
    return undecidedCount
  }

  private func fillRows(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ logits: UnsafeBufferPointer<Double>,
    _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>, _ tier: WideRowTier
  ) -> Bool {
    let hasOutputPerClass = function.hasOutputPerClass
    if RowTier.hasTiledOutputs(function, classCount: classCount) {
      return function == .logSoftmax
        ? fillSmallLogProbabilities(outputs, logits, classCount, tier)
        : fillTiles(outputs, logits, classCount, labels)
    }
    if !hasOutputPerClass, RowTier.isSmall(classCount: classCount) {
      return fillSmallRows(outputs, logits, classCount, labels, tier)
    }
    let outputCount = hasOutputPerClass ? classCount : 1
    let kept = classCount <= RowTier.keptClassCount ? classCount : bulkBlockSize
    var isDecided = true
    withAlignedScratch(
      of: Double.self, capacity: hasOutputPerClass && function != .logSoftmax ? 2 * kept : 0
    ) { scratch in
      for row in 0..<logits.count / classCount {
        let values = UnsafeMutableBufferPointer(
          rebasing: outputs[row * outputCount..<(row + 1) * outputCount])
        let isRounded = tier.round(
          UnsafeBufferPointer(rebasing: logits[row * classCount..<(row + 1) * classCount]),
          label: labels.isEmpty ? 0 : Int(labels[row]),
          scratch: scratch.baseAddress.map { ($0, $0 + kept) }, into: values)
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
    _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>, _ tier: WideRowTier
  ) -> Bool {
    guard let start = logits.baseAddress else { return true }
    var isDecided = true
    let (rowCount, blockSize) = (logits.count / classCount, 64)
    withAlignedScratch(of: Double.self, capacity: 3 * blockSize) { scratch in
      guard let maxima = scratch.baseAddress else { return }
      let (high, low) = (maxima + blockSize, maxima + 2 * blockSize)
      for first in stride(from: 0, to: rowCount, by: blockSize) {
        let count = min(blockSize, rowCount - first)
        lo_quick_small_tails(start + first * classCount, count, classCount, maxima, high, low)
        for i in 0..<count {
          let row = first + i
          let tail = LOPair(high: high[i], low: low[i])
          let label = labels.isEmpty ? 0 : Int(labels[row])
          var value: MagnitudeEnclosure?
          if maxima[i].isNaN {
            value = nil
          } else if labels.isEmpty {
            value = WideRow.logSumExp(maximum: maxima[i], tail: tail, bound: lo_quickRowBound)
          } else if (0..<classCount).contains(label) {
            let logit = logits[row * classCount + label]
            value = WideRow.loss(
              maximum: maxima[i], logit: logit, tail: tail, bound: lo_quickRowBound)
          }
          outputs[row] = value?.double ?? .nan
          guard outputs[row].isNaN else { continue }
          // Few of a thousand rows need the sum of more bits.
          let isRounded = tier.round(
            UnsafeBufferPointer(rebasing: logits[row * classCount..<(row + 1) * classCount]),
            label: label, scratch: nil,
            into: UnsafeMutableBufferPointer(rebasing: outputs[row..<row + 1]))
          if !isRounded { outputs[row] = .nan }
          isDecided = isDecided && isRounded
        }
      }
    }
    return isDecided
  }

  /// The logarithms of the probabilities of few classes.
  private func fillSmallLogProbabilities(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ logits: UnsafeBufferPointer<Double>,
    _ classCount: Int, _ tier: WideRowTier
  ) -> Bool {
    guard let start = logits.baseAddress, let out = outputs.baseAddress else { return true }
    var isDecided = true
    let (rowCount, blockSize) = (logits.count / classCount, 64)
    withAlignedScratch(of: Double.self, capacity: 3 * blockSize) { scratch in
      guard let maxima = scratch.baseAddress else { return }
      let (high, low) = (maxima + blockSize, maxima + 2 * blockSize)
      for first in stride(from: 0, to: rowCount, by: blockSize) {
        let count = min(blockSize, rowCount - first)
        let (tile, values) = (start + first * classCount, out + first * classCount)
        lo_quick_small_tails(tile, count, classCount, maxima, high, low)
        guard
          lo_wide_small_log_probabilities(
            tile, count, classCount, maxima, high, low, lo_quickLogBound, values) != 0
        else { continue }
        for places in (0..<count).map({ $0 * classCount..<($0 + 1) * classCount })
        where places.contains(where: { values[$0].isNaN }) {
          // Few of a thousand rows need the sum of more bits; and what heads decide, and tails that are tiny.
          let outputs = UnsafeMutableBufferPointer(
            start: values + places.lowerBound, count: classCount)
          let logits = UnsafeBufferPointer(start: tile + places.lowerBound, count: classCount)
          guard !tier.round(logits, label: 0, scratch: nil, into: outputs) else { continue }
          outputs.update(repeating: .nan)
          isDecided = false
        }
      }
    }
    return isDecided
  }

  /// One value for each class, eight rows at a time.
  private func fillTiles(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ logits: UnsafeBufferPointer<Double>,
    _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>
  ) -> Bool {
    guard let start = logits.baseAddress, let out = outputs.baseAddress else { return true }
    let (rowCount, blockSize) = (logits.count / classCount, RowTier.smallRowCount)
    let capacity = blockSize * (classCount + 1)
    var isDecided = true
    withAlignedScratch(of: Double.self, capacity: 2 * capacity) { scratch in
      guard let high = scratch.baseAddress else { return }
      let low = high + capacity
      for first in stride(from: 0, to: rowCount, by: blockSize) {
        let count = min(blockSize, rowCount - first)
        let (tile, values) = (start + first * classCount, out + first * classCount)
        lo_wide_small_gradients(
          tile, count, classCount,
          function == .crossEntropyGradient ? labels.baseAddress.map { $0 + first } : nil, high, low
        )
        factors?.multiply(
          (high, low), labels: UnsafeBufferPointer(rebasing: labels[first..<first + count]),
          classCount: classCount)
        guard lo_round_double(high, low, count * classCount, lo_wideBound, values) > 0 else {
          continue
        }
        isDecided = isDecided && (0..<count * classCount).allSatisfy { !values[$0].isNaN }
      }
    }
    return isDecided
  }
}
