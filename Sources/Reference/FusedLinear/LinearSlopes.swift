internal import FastKernels
internal import LossFunctions

/// The derivatives g of some rows' losses by their logits, times a scale, in place of the logits: pairs, each
/// within
///
///     relative·(|g| + what is taken away to get it) + absolute.
struct LinearSlopes {
  let classCount: Int
  /// The numbers from a row to the next.
  let width: Int
  /// [rows, width], 0 beyond the classes.
  private(set) var high: [Double]
  private(set) var low: [Double]
  let bounds: [Bound]

  /// How far a row's derivatives may be off.
  struct Bound: Sendable {
    var relative = 0.0
    var absolute = 0.0
    /// What is taken away for the label, for the greatest logit, and, with smoothing, for each class.
    var label = (index: 0, taken: 0.0)
    var greatest = (index: 0, taken: 0.0)
    var eachTaken = 0.0

    /// A bound of the errors' sum, from that of the derivatives' magnitudes.
    func total(_ magnitudes: Double, classCount: Int) -> Double {
      let taken = label.taken + greatest.taken + eachTaken * Double(classCount)
      return (relative * (magnitudes + taken) + absolute * Double(classCount)) * (1 + 0x1p-20)
    }

    /// A bound for one class.
    func error(_ magnitude: Double, of index: Int) -> Double {
      let own =
        (index == label.index ? label.taken : 0) + (index == greatest.index ? greatest.taken : 0)
      return (relative * (magnitude + own + eachTaken) + absolute) * (1 + 0x1p-20)
    }
  }

  /// - Parameters:
  ///   - labels: Those of the block's rows.
  ///   - penalty: The coefficient of the squared log-sum-exp.
  ///   - gradOutputs: What the rows' derivatives are multiplied by beside the scale.
  /// - Returns: nil where a row has no certain derivatives.
  init?(
    _ block: consuming LogitBlock, labels: [Int], _ coefficients: LinearCoefficients, scale: Ball,
    penalty: Ball, gradOutputs: [Double], threadCount: Int
  ) {
    let (rowCount, classCount, width) = (block.rowCount, block.classCount, block.width)
    let baseTotal = coefficients.baseTotal()
    let errors = block.errors
    var (high, low) = (block.high, block.low)
    let bounds: [Bound?] = high.withUnsafeMutableBufferPointer { high in
      low.withUnsafeMutableBufferPointer { low in
        // Each row is written by one thread.
        nonisolated(unsafe) let (high, low) = (high.baseAddress, low.baseAddress)
        return OrderedPieces(of: rowCount, threadCount: threadCount).map { rows in
          withStandardArithmetic {
            rows.map { row -> Bound? in
              guard let high, let low else { return nil }
              let (start, upstream) = (row * width, gradOutputs[row])
              let bound = Self.replace(
                (high + start, low + start), count: classCount, width: width,
                error: errors[row], label: labels[row], coefficients, baseTotal,
                scale * Ball(upstream.magnitude), penalty)
              if upstream < 0 {
                for place in start..<start + classCount {
                  (high[place], low[place]) = (-high[place], -low[place])
                }
              }
              return bound
            }
          }
        }.flatMap(\.self)
      }
    }
    let certain = bounds.compactMap(\.self)
    guard certain.count == rowCount else { return nil }
    self.bounds = certain
    (self.high, self.low) = (high, low)
    (self.classCount, self.width) = (classCount, width)
  }

  /// Replaces a row's logits by its derivatives F/T·e^(x − x_j) − a·s/D, and that of the greatest by F − a_j·s/D − F/T·S, for
  /// T = 1 + S and F = [A/D + 2c·log Σ e^x]·s, which may be below 0.
  ///
  /// F's error is part of the relative bound, so that F in what is taken for the greatest covers that of its head.
  private static func replace(
    _ row: BallRow.Scratch, count: Int, width: Int, error: Double, label: Int,
    _ coefficients: LinearCoefficients, _ baseTotal: Ball, _ scale: Ball, _ penalty: Ball
  ) -> Bound? {
    withAlignedScratch(of: Double.self, capacity: 2 * count) { scratch -> Bound? in
      guard let room = scratch.baseAddress else { return nil }
      let terms = (high: room, low: room + count)
      guard
        let balls = LinearBalls(
          high: row.high, low: row.low, count: count, error: error, scratch: terms)
      else { return nil }
      let share = coefficients.share(label)
      let plainSlope = (share + baseTotal) / coefficients.denominator * scale
      // 2c·log Σ e^x·s.
      let extra =
        Ball(2) * penalty * (balls.greatestLogit + balls.logarithm) * scale
      let slope = plainSlope + extra
      let factor = slope / (balls.others + Ball(1))
      guard factor.error.isFinite, penalty.isZero ? factor.high >= 0 : factor.hasSign else {
        return nil
      }
      let size = factor.high.magnitude
      lo_multiply_pairs(terms.high, terms.low, LOPair(high: factor.high, low: factor.low), count)
      var bound = Bound()
      bound.relative = balls.termBound + 0x1p-96
      if size > 0 { bound.relative += factor.error / size * (1 + 0x1p-20) }
      bound.absolute = 4 * Ball.cut * size + 0x1p-900
      let greatest = balls.greatest
      for index in 0..<count {
        (row.high[index], row.low[index]) = (terms.high[index], terms.low[index])
      }
      func taken(_ coefficient: Ball) -> Ball { coefficient / coefficients.denominator * scale }
      if coefficients.isSmoothed {
        for index in 0..<count where index != greatest && index != label {
          let base = taken(coefficients.base(index))
          subtract(base, from: row, at: index)
          bound.eachTaken = max(bound.eachTaken, base.high)
        }
      }
      if label != greatest {
        let own = taken(share + coefficients.base(label))
        subtract(own, from: row, at: label)
        bound.label = (label, own.high)
      }
      var head = Ball(0)
      if label != greatest || coefficients.isSmoothed {
        let own = label == greatest ? share + coefficients.base(label) : coefficients.base(greatest)
        head = plainSlope - taken(own)
      }
      head = head + extra
      let value = head - factor * balls.others
      (row.high[greatest], row.low[greatest]) = (value.high, value.low)
      // What the head itself is off by is far below the relative bound of it.
      bound.greatest = (greatest, head.high.magnitude + (head.isZero ? 0 : slope.high.magnitude))
      for index in count..<width { (row.high[index], row.low[index]) = (0, 0) }
      return bound
    }
  }

  private static func subtract(_ base: Ball, from row: BallRow.Scratch, at index: Int) {
    let difference =
      Ball(LOPair(high: row.high[index], low: row.low[index]), error: 0) - base
    (row.high[index], row.low[index]) = (difference.high, difference.low)
  }

  /// The same turned: [classes, rows].
  var columns: (high: [Double], low: [Double]) { (turned(high), turned(low)) }

  /// Blocks of sixteen rows and columns, which stay in the cache.
  private func turned(_ numbers: [Double]) -> [Double] {
    let (rowCount, size) = (bounds.count, 16)
    return [Double](unsafeUninitializedCapacity: classCount * rowCount) { turned, count in
      numbers.withUnsafeBufferPointer { numbers in
        for first in stride(from: 0, to: classCount, by: size) {
          for row in 0..<rowCount {
            for index in first..<min(first + size, classCount) {
              turned[index * rowCount + row] = numbers[row * width + index]
            }
          }
        }
      }
      count = classCount * rowCount
    }
  }
}
