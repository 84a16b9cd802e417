internal import FastKernels
package import FloatFormats
package import LossFunctions

/// Losses of probabilities in float16, bfloat16 and float32, and their derivatives, through double arithmetic: of one
/// probability with any target, of a row with a label. Of the logarithms of a row they are numbers that are given.
///
/// Rows that hold what is no probability are left undecided, and the rare value that the bound leaves.
package struct ProbabilityBulkTier: BulkTier {
  private let function: LossFunction
  private let input: InputKind
  private let format: FloatFormat
  private let test: RoundingTest
  /// What the derivatives by one probability each are multiplied by.
  private let factors: MeanFactors?

  /// The tier for a function.
  ///
  /// - Returns: nil for logits, for formats that are not in `FastTier.formats`, and for one logarithm.
  package init?(_ function: LossFunction, of input: InputKind, in format: FloatFormat) {
    self.init(function, of: input, in: format, times: nil)
  }

  /// The same for gradients of a mean of binary losses.
  init?(
    _ function: LossFunction, of input: InputKind, in format: FloatFormat,
    times factors: MeanFactors?
  ) {
    guard function.inputs.contains(input), FastTier.formats.contains(format),
      input == .probabilities || input == .logProbabilities && !function.isBinary
    else { return nil }
    guard factors == nil || function == .binaryCrossEntropyGradient else { return nil }
    self.factors = factors
    self.function = function
    self.input = input
    self.format = format
    // It has room for `lo_probabilityBound`, as tools/proofs/targets.sollya shows.
    test = RoundingTest(format, .row)
  }

  package func fill(
    _ outputs: UnsafeMutableBufferPointer<Float>, logits numbers: UnsafeBufferPointer<Float>,
    classCount: Int, targets: BulkTargets<Float>
  ) -> Bool {
    let rowCount = numbers.count / classCount
    var isDecided = true
    withAlignedScratch(of: Double.self, capacity: bulkBlockSize) { approximations in
      withAlignedScratch(of: Float.self, capacity: 2 * bulkBlockSize) { scratch in
        let block = Block(
          approximations: approximations,
          numbers: UnsafeMutableBufferPointer(rebasing: scratch[..<bulkBlockSize]),
          others: UnsafeMutableBufferPointer(rebasing: scratch[bulkBlockSize...]))
        for start in stride(from: 0, to: rowCount, by: bulkBlockSize) {
          let rows = start..<min(start + bulkBlockSize, rowCount)
          let range = rows.lowerBound * classCount..<rows.upperBound * classCount
          let numbers = UnsafeBufferPointer(rebasing: numbers[range])
          let targets = targets.some(rows, classCount: classCount)
          let isBlockDecided =
            if function.isBinary {
              fill(UnsafeMutableBufferPointer(rebasing: outputs[rows]), numbers, targets, block)
            } else if function.isGradient {
              fillSlopes(
                UnsafeMutableBufferPointer(rebasing: outputs[range]), numbers, classCount,
                targets.labels, block)
            } else {
              fillLosses(
                UnsafeMutableBufferPointer(rebasing: outputs[rows]), numbers, classCount,
                targets.labels, block)
            }
          isDecided = isDecided && isBlockDecided
        }
      }
    }
    return isDecided
  }

  /// Room for the numbers of a block of rows.
  private struct Block {
    let approximations: UnsafeMutableBufferPointer<Double>
    let numbers: UnsafeMutableBufferPointer<Float>
    let others: UnsafeMutableBufferPointer<Float>
  }

  /// Values of one probability each.
  private func fill(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ numbers: UnsafeBufferPointer<Float>,
    _ targets: BulkTargets<Float>, _ block: Block
  ) -> Bool {
    for (i, label) in targets.labels.enumerated() { block.others[i] = Float(label) }
    return round(
      numbers, targets.numbers.baseAddress ?? UnsafePointer(block.others.baseAddress), block,
      into: outputs)
  }

  /// Rounds the values of one probability each, with targets or with 1.
  private func round(
    _ numbers: UnsafeBufferPointer<Float>, _ targets: UnsafePointer<Float>?, _ block: Block,
    into values: UnsafeMutableBufferPointer<Float>
  ) -> Bool {
    let kernel = function.isGradient ? lo_probability_gradients : lo_probability_losses
    kernel(numbers.baseAddress, targets, numbers.count, block.approximations.baseAddress)
    let some = UnsafeMutableBufferPointer(rebasing: block.approximations[..<numbers.count])
    factors?.multiplyAll(some)
    return test.round(UnsafeBufferPointer(some), to: format, into: values) == 0
  }

  /// The numbers of the labels; NaN for rows that hold what is no probability, and labels that are no classes.
  private func choose(
    _ numbers: UnsafeBufferPointer<Float>, _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>,
    _ block: Block
  ) -> UnsafeBufferPointer<Float> {
    let areValid = areValid(numbers)
    for (row, label) in labels.enumerated() {
      let range = row * classCount..<(row + 1) * classCount
      let isValid =
        (0..<classCount).contains(Int(label))
        && (areValid || self.areValid(UnsafeBufferPointer(rebasing: numbers[range])))
      block.numbers[row] = isValid ? numbers[range.lowerBound + Int(label)] : .nan
    }
    return UnsafeBufferPointer(rebasing: block.numbers[..<labels.count])
  }

  private func areValid(_ numbers: UnsafeBufferPointer<Float>) -> Bool {
    let (least, greatest): (Float, Float) = input == .probabilities ? (0, 1) : (-.infinity, 0)
    return lo_are_within(numbers.baseAddress, numbers.count, least, greatest) != 0
  }

  /// One loss for each row.
  private func fillLosses(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ numbers: UnsafeBufferPointer<Float>,
    _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>, _ block: Block
  ) -> Bool {
    let chosen = choose(numbers, classCount, labels, block)
    if input == .probabilities { return round(chosen, nil, block, into: outputs) }
    for row in chosen.indices { outputs[row] = chosen[row].magnitude }
    return !outputs.contains(where: \.isNaN)
  }

  /// One derivative for each class: 0 but for the label's.
  private func fillSlopes(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ numbers: UnsafeBufferPointer<Float>,
    _ classCount: Int, _ labels: UnsafeBufferPointer<Int32>, _ block: Block
  ) -> Bool {
    let chosen = choose(numbers, classCount, labels, block)
    let slopes = UnsafeMutableBufferPointer(rebasing: block.others[..<chosen.count])
    if input == .probabilities {
      _ = round(chosen, nil, block, into: slopes)
    } else {
      for row in chosen.indices { slopes[row] = chosen[row].isNaN ? .nan : -1 }
    }
    outputs.update(repeating: 0)
    var isDecided = true
    for (row, label) in labels.enumerated() {
      isDecided = isDecided && !slopes[row].isNaN
      guard (0..<classCount).contains(Int(label)) else {
        outputs[row * classCount] = .nan
        continue
      }
      outputs[row * classCount + Int(label)] = slopes[row]
    }
    return isDecided
  }
}
