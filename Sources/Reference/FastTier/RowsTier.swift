internal import FastKernels
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Certified values of rows through double-double arithmetic with proven bounds.
///
/// It leaves undecided: rows with infinite or NaN logits, losses of a single class with options, focal losses
/// whose exponent is no small integer, what overflows the format, and the rare enclosure that is too wide.
struct RowsTier {
  private let function: LossFunction
  private let isPlain: Bool
  private let categorical: CategoricalBalls?
  private let binary: BinaryBalls?
  private let temperature: Double
  private let rounding: EnclosureRounding

  /// - Returns: nil for formats that float64 does not hold and options that the tier does not know.
  init?(
    _ function: LossFunction, _ options: LossOptions, from inputFormat: FloatFormat,
    to format: FloatFormat, _ direction: RoundingDirection
  ) {
    guard inputFormat.isWithinFloat64, let rounding = EnclosureRounding(format, direction) else {
      return nil
    }
    self.function = function
    self.rounding = rounding
    isPlain = options.present.isEmpty
    temperature = options.temperature?.double ?? 1
    categorical = function.isBinary ? nil : CategoricalBalls(function, options)
    binary = function.isBinary ? BinaryBalls(function, options) : nil
    guard categorical != nil || binary != nil || !function.hasTarget else { return nil }
  }

  /// Decides what it can.
  func fill(_ rows: LossRows, _ result: inout CertifiedRows) {
    let rounding = rounding
    result.write(rounding) { writer in
      rows.logits.doubles.withUnsafeBufferPointer { logits in
        rows.probabilities.doubles.withUnsafeBufferPointer { probabilities in
          if function.isBinary {
            fillOneLogit(logits, probabilities, writer)
          } else {
            fillRows(rows, logits, probabilities, writer)
          }
        }
      }
    }
  }

  // MARK: - Functions of one logit

  /// In blocks: those with a hard label as ±f(±z) of softplus or the sigmoid, see `OneLogitFunction`.
  private func fillOneLogit(
    _ logits: UnsafeBufferPointer<Double>, _ targets: UnsafeBufferPointer<Double>,
    _ writer: CertifiedWriter
  ) {
    let blockSize = 256
    withAlignedScratch(of: Double.self, capacity: 3 * blockSize) { scratch in
      guard let turned = scratch.baseAddress else { return }
      let (high, low) = (turned + blockSize, turned + 2 * blockSize)
      for start in stride(from: 0, to: logits.count, by: blockSize) {
        let count = min(blockSize, logits.count - start)
        for i in 0..<count {
          let z = logits[start + i]
          let isTurned = function.hasTarget ? targets[start + i] == 1 : function == .logSigmoid
          turned[i] = isTurned ? -z : z
        }
        let isSigmoid = function == .sigmoid || function.isGradient
        if isSigmoid {
          lo_wide_sigmoid(turned, count, 1, 1, high, low)
        } else {
          lo_wide_softplus(turned, count, 1, 1, high, low)
        }
        for i in 0..<count {
          let z = logits[start + i]
          guard z.isFinite else { continue }
          if function.hasTarget {
            let y = targets[start + i]
            guard isPlain, y == 0 || y == 1 else {
              if let number = binary?.enclosed(logit: z, target: y) {
                writer.put(number, at: start + i)
              }
              continue
            }
          }
          let isNegative =
            function == .logSigmoid || (function.isGradient && targets[start + i] == 1)
          let pair = LOPair(high: high[i], low: low[i])
          let number =
            isSigmoid
            ? Self.sigmoid(turned[i], pair, isNegative: isNegative)
            : Self.softplus(turned[i], pair, isNegative: isNegative)
          if let number { writer.put(number, at: start + i) }
        }
      }
    }
  }

  private static func softplus(
    _ z: Double, _ pair: LOPair, isNegative: Bool
  ) -> MagnitudeEnclosure? {
    if z < -775 { return .vanishing(isNegative: isNegative) }
    guard pair.high > 0 else { return nil }
    var number = MagnitudeEnclosure(pair, isNegative: isNegative)
    if z > 0 { number.floor.high = z }
    return number
  }

  private static func sigmoid(
    _ z: Double, _ pair: LOPair, isNegative: Bool
  ) -> MagnitudeEnclosure? {
    if z < -775 { return .vanishing(isNegative: isNegative) }
    if z == 0 { return MagnitudeEnclosure(exactly: isNegative ? -0.5 : 0.5) }
    guard pair.high > 0 else { return nil }
    var number = MagnitudeEnclosure(pair, isNegative: isNegative)
    number.ceiling = z < 0 ? 0.5 : 1
    if z > 0 { number.floor.high = 0.5 }
    return number
  }

  // MARK: - Functions of a row

  private func fillRows(
    _ rows: LossRows, _ logits: UnsafeBufferPointer<Double>,
    _ probabilities: UnsafeBufferPointer<Double>, _ writer: CertifiedWriter
  ) {
    let count = rows.classCount
    let outputCount = function.hasOutputPerClass ? count : 1
    withAlignedScratch(of: Double.self, capacity: 2 * count) { scratch in
      guard let high = scratch.baseAddress else { return }
      for row in 0..<rows.count {
        let range = row * count..<(row + 1) * count
        let row = Row(
          logits: UnsafeBufferPointer(rebasing: logits[range]),
          target: .init(
            label: rows.targetKind == .index ? Int(rows.labels[row]) : nil,
            probabilities: rows.targetKind == .probabilities
              ? UnsafeBufferPointer(rebasing: probabilities[range]) : .init(start: nil, count: 0)))
        fill(row, (high, high + count), writer.advanced(by: range.lowerBound / count * outputCount))
      }
    }
  }

  private struct Row {
    let logits: UnsafeBufferPointer<Double>
    let target: CategoricalBalls.Target
  }

  private func fill(_ row: Row, _ scratch: BallRow.Scratch, _ writer: CertifiedWriter) {
    let count = row.logits.count
    if function.hasTarget, let categorical, categorical.ignores(row.target.label) {
      for index in 0..<(function.isGradient ? count : 1) {
        writer.put(MagnitudeEnclosure(exactly: 0), at: index)
      }
      return
    }
    if count == 1 { return fillSingle(row, writer) }
    guard let balls = BallRow(row.logits, temperature: temperature, scratch: scratch) else {
      return
    }
    if function.hasTarget, !isPlain || row.target.label == nil {
      // Of a NaN a coefficient of 0 would leave nothing.
      guard row.target.probabilities.allSatisfy(\.isFinite) else { return }
      categorical?.enclose(balls, row.target, count: count) { index, number in
        if let number { writer.put(number, at: index) }
      }
      return
    }
    switch function {
    case .logSumExp: writer.put(balls.enclosedLogSumExp, at: 0)
    case .crossEntropy:
      if let label = row.target.label { writer.put(balls.enclosedLoss(label), at: 0) }
    case .logSoftmax:
      for index in 0..<count { writer.put(logProbability(index, balls), at: index) }
    case .softmax:
      for index in 0..<count { writer.put(probability(index, balls), at: index) }
    case .crossEntropyGradient:
      for index in 0..<count {
        writer.put(
          index == row.target.label
            ? balls.enclosedComplement(index) : balls.enclosedProbability(index), at: index)
      }
    default: break
    }
  }

  private func probability(_ index: Int, _ row: BallRow) -> MagnitudeEnclosure? {
    if temperature == 1 || row.isConstant { return row.enclosedProbability(index) }
    return MagnitudeEnclosure(row.probability(index), isPositive: true)
  }

  private func logProbability(_ index: Int, _ row: BallRow) -> MagnitudeEnclosure? {
    if temperature == 1 { return row.enclosedLoss(index, isNegative: true) }
    var number = MagnitudeEnclosure(
      row.loss(index, temperature: Ball(temperature)), isPositive: true)
    number?.isNegative = true
    return number
  }

  /// Of a single class the plain values are rational: its logit, 1 and 0.
  private func fillSingle(_ row: Row, _ writer: CertifiedWriter) {
    guard isPlain, row.logits[0].isFinite, row.target.label == 0 || !function.hasTarget else {
      return
    }
    let value: Double =
      switch function {
      case .logSumExp: row.logits[0]
      case .softmax: 1
      default: 0
      }
    // The logit −0 has the log-sum-exp 0.
    writer.put(MagnitudeEnclosure(exactly: value == 0 ? 0 : value), at: 0)
  }
}
