internal import FastTier
public import FloatFormats
public import LossFunctions

extension Reference {
  /// Correctly rounded values of many rows at once: those of `evaluate`, bit for bit, at the speed of
  /// double arithmetic. What its proven bound leaves undecided goes to MPFR.
  ///
  /// - Parameters:
  ///   - outputs: Room for all values, row by row: one a row, or one a class.
  ///   - function: Any; those of one logit take rows of one class.
  ///   - logits: rows × classCount numbers of `format`.
  ///   - targets: A class label for each row, 0 or 1 for the binary functions; empty for functions
  ///     without a target.
  ///   - format: float16, bfloat16 or float32.
  /// - Returns: The number of rows of which MPFR decided a value, those of infinite and NaN logits among
  ///   them.
  /// - Throws: `invalidInput` for a label that is not a class.
  /// - Complexity: O(n) time, O(classCount) memory.
  public func fill(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ function: LossFunction,
    logits: UnsafeBufferPointer<Float>, classCount: Int, targets: [Int32],
    in format: FloatFormat = .float32
  ) throws(ReferenceError) -> Int {
    precondition(classCount > 0 && logits.count % classCount == 0, "logits are whole rows")
    let rowCount = logits.count / classCount
    precondition(
      targets.count == (function.hasTarget ? rowCount : 0), "one target for each row, or none")
    let outputCount = function.hasOutputPerClass ? classCount : 1
    precondition(outputs.count >= rowCount * outputCount, "room for all values")
    precondition(FastTier.formats.contains(format), "float16, bfloat16 or float32")

    if function.isBinary {
      precondition(classCount == 1, "one logit a row")
      return try fillOneLogit(outputs, function, logits, targets, format)
    }
    guard let tier = RowTier(function) else { return 0 }
    let test = RoundingTest(format, .row)
    var approximations = [Double](repeating: 0, count: outputCount)
    var undecidedCount = 0
    for row in 0..<rowCount {
      let label = function.hasTarget ? Int(targets[row]) : 0
      let rowLogits = UnsafeBufferPointer(
        rebasing: logits[row * classCount..<(row + 1) * classCount])
      let rowOutputs = UnsafeMutableBufferPointer(
        rebasing: outputs[row * outputCount..<(row + 1) * outputCount])
      let isDecided = approximations.withUnsafeMutableBufferPointer { values in
        (0..<classCount).contains(label)
          && tier.approximate(rowLogits, label: label, into: values)
          && test.round(UnsafeBufferPointer(values), to: format, into: rowOutputs) == 0
      }
      guard !isDecided else { continue }
      if function == .crossEntropy, (0..<classCount).contains(label),
        let ends = tier.lossEnds(rowLogits, label: label), let value = test.rounded(ends)
      {
        rowOutputs[0] = value
        continue
      }
      undecidedCount += 1
      let input = LossInput(
        logits: rowLogits.map { FloatValue($0) }, target: function.hasTarget ? .index(label) : .none
      )
      let exact = try evaluate(function, input, in: format)
      for i in 0..<outputCount { rowOutputs[i] = Float(exact[i].value.double) }
    }
    return undecidedCount
  }

  /// The binary functions. With label 1 they are those with label 0 at −z, the gradient negated: so the
  /// lanes of a block do the same whatever their labels.
  private func fillOneLogit(
    _ outputs: UnsafeMutableBufferPointer<Float>, _ function: LossFunction,
    _ logits: UnsafeBufferPointer<Float>, _ targets: [Int32], _ format: FloatFormat
  ) throws(ReferenceError) -> Int {
    guard let zero = OneLogitFunction(function, label: function.hasTarget ? 0 : nil) else {
      return 0
    }
    if let wrong = targets.first(where: { $0 != 0 && $0 != 1 }) {
      throw .invalidInput(.labelOutOfRange(label: Int(wrong), classCount: 2))
    }
    let tier = FastTier(zero)
    let test = RoundingTest(format)
    let blockSize = 1024
    var approximations = [Double](repeating: 0, count: blockSize)
    var turned = [Float](repeating: 0, count: blockSize)
    var undecidedCount = 0
    for start in stride(from: 0, to: logits.count, by: blockSize) {
      let range = start..<min(start + blockSize, logits.count)
      for i in range {
        turned[i - start] = !targets.isEmpty && targets[i] == 1 ? -logits[i] : logits[i]
      }
      var count = turned.withUnsafeBufferPointer { turned in
        approximations.withUnsafeMutableBufferPointer { values in
          let block = UnsafeBufferPointer(rebasing: turned[..<range.count])
          tier.approximate(block, into: values)
          return test.round(
            UnsafeBufferPointer(rebasing: values[..<range.count]), to: format,
            into: UnsafeMutableBufferPointer(rebasing: outputs[range]))
        }
      }
      // 0 for finite logits, NaN for others: those may have left a number that is not their limit.
      var residue: Float = 0
      for i in range { residue += logits[i] - logits[i] }
      if function.isGradient {
        for i in range where targets[i] == 1 { outputs[i] = -outputs[i] }
      }
      guard count > 0 || residue != 0 else { continue }
      count = 0
      for i in range where outputs[i].isNaN || !logits[i].isFinite {
        let label = targets.isEmpty ? nil : Int(targets[i])
        guard let oneLogit = OneLogitFunction(function, label: label) else { continue }
        outputs[i] = Float(try FastTier(oneLogit).exact(logits[i], in: format).value.double)
        count += 1
      }
      undecidedCount += count
    }
    return undecidedCount
  }
}
