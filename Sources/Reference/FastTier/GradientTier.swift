internal import FastKernels
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Certified values of gradients with an upstream, in balls that carry their own bounds.
///
/// The derivatives are those of `RowsTier`; what they are multiplied with and summed up to are operations on `Ball`s,
/// each of a proven bound. It leaves undecided: a sharpness and a threshold, limits, one logit beyond ±500, rows of equal
/// logits, whose values are rational, products below 2⁻⁸⁵⁰, and what cancels or lies on a breakpoint.
struct GradientTier {
  private let function: LossFunction
  private let temperature: Double
  private let rounding: EnclosureRounding

  /// - Returns: nil for other functions and options, and for formats that float64 does not hold.
  init?(
    _ function: LossFunction, _ options: LossOptions, from inputFormat: FloatFormat,
    to format: FloatFormat, _ direction: RoundingDirection
  ) {
    guard function.gradOutputKind != .none, options.present.isSubset(of: [.temperature]),
      inputFormat.isWithinFloat64,
      let rounding = EnclosureRounding(format, direction)
    else { return nil }
    self.function = function
    temperature = options.temperature?.double ?? 1
    self.rounding = rounding
  }

  /// Decides what it can.
  func fill(_ rows: LossRows, _ result: inout CertifiedRows) {
    result.write(rounding) { writer in
      rows.logits.doubles.withUnsafeBufferPointer { logits in
        rows.gradOutputs.doubles.withUnsafeBufferPointer { gradOutputs in
          if function.isBinary {
            fillOneLogit(logits, gradOutputs, writer)
          } else {
            fillRows(rows, logits, gradOutputs, writer)
          }
        }
      }
    }
  }

  // MARK: - Functions of one logit

  /// σ(z) and σ(−z) in blocks.
  private func fillOneLogit(
    _ logits: UnsafeBufferPointer<Double>, _ gradOutputs: UnsafeBufferPointer<Double>,
    _ writer: CertifiedWriter
  ) {
    let blockSize = 256
    withAlignedScratch(of: Double.self, capacity: 5 * blockSize) { scratch in
      guard let inside = scratch.baseAddress else { return }
      let (high, low) = (inside + blockSize, inside + 2 * blockSize)
      let (otherHigh, otherLow) = (inside + 3 * blockSize, inside + 4 * blockSize)
      for start in stride(from: 0, to: logits.count, by: blockSize) {
        let count = min(blockSize, logits.count - start)
        for i in 0..<count {
          let z = logits[start + i]
          inside[i] = z.magnitude <= 500 ? z : 0
        }
        let sign: Double = function == .logSigmoidGradient ? -1 : 1
        lo_wide_sigmoid(inside, count, sign, 1, high, low)
        if function == .sigmoidGradient {
          lo_wide_sigmoid(inside, count, -1, 1, otherHigh, otherLow)
        }
        for i in 0..<count {
          let (z, number) = (logits[start + i], gradOutputs[start + i])
          guard z.magnitude <= 500, z != 0, number.isFinite else { continue }
          if number == 0 {
            writer.put(MagnitudeEnclosure(exactly: 0), at: start + i)
            continue
          }
          var value = Self.ball(high[i], low[i])
          if function == .sigmoidGradient { value = value * Self.ball(otherHigh[i], otherLow[i]) }
          writer.put(MagnitudeEnclosure(value * Ball(number)), at: start + i)
        }
      }
    }
  }

  private static func ball(_ high: Double, _ low: Double) -> Ball {
    Ball(LOPair(high: high, low: low), error: high * lo_wideBound)
  }

  // MARK: - Functions of a row

  private func fillRows(
    _ rows: LossRows, _ logits: UnsafeBufferPointer<Double>,
    _ gradOutputs: UnsafeBufferPointer<Double>, _ writer: CertifiedWriter
  ) {
    let count = rows.classCount
    withAlignedScratch(of: Double.self, capacity: 2 * count) { scratch in
      guard let high = scratch.baseAddress else { return }
      for row in 0..<rows.count {
        let numbers = UnsafeBufferPointer(rebasing: gradOutputs[rows.gradOutputPlaces(row)])
        guard numbers.allSatisfy(\.isFinite),
          let balls = BallRow(
            UnsafeBufferPointer(rebasing: logits[row * count..<(row + 1) * count]),
            temperature: temperature, scratch: (high, high + count)),
          !balls.isConstant
        else { continue }
        fill(balls, numbers, count, writer.advanced(by: row * count))
      }
    }
  }

  private func fill(
    _ row: BallRow, _ g: UnsafeBufferPointer<Double>, _ count: Int, _ writer: CertifiedWriter
  ) {
    let divisor = Ball(temperature)
    switch function {
    case .logSumExpGradient:
      for index in 0..<count {
        let value =
          g[0] == 0
          ? MagnitudeEnclosure(exactly: 0) : MagnitudeEnclosure(row.probability(index) * Ball(g[0]))
        writer.put(value, at: index)
      }
    case .logSoftmaxGradient:
      let total = g.reduce(Ball(0)) { $0 + Ball($1) }
      // The values are those of g, over the temperature, where the sum is 0: that is not for a ball to say.
      guard total.high.magnitude > total.error else { return }
      for index in 0..<count {
        let isAlone = row.isGreatest(index) && row.maximumCount == 1
        let value =
          isAlone
          ? (Ball(g[index]) - total) + total * row.complement(index)
          : Ball(g[index]) - total * row.probability(index)
        writer.put(MagnitudeEnclosure(value / divisor), at: index)
      }
    case _ where g.allSatisfy { $0 == g[0] }:
      for index in 0..<count { writer.put(MagnitudeEnclosure(exactly: 0), at: index) }
    default:
      var (greatest, others) = (Ball(0), Ball(0))
      for index in 0..<count {
        if row.isGreatest(index) {
          greatest = greatest + Ball(g[index])
        } else {
          others = others + Ball(g[index]) * row.term(index)
        }
      }
      let multiple = Ball(Double(row.maximumCount))
      for index in 0..<count {
        let own = Ball(g[index])
        let sum = (multiple * own - greatest) + (own * row.rest - others)
        writer.put(
          MagnitudeEnclosure(sum * row.term(index) / row.total / row.total / divisor), at: index)
      }
    }
  }
}
