internal import FastKernels
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Certified values of gradients with an upstream, in balls that carry their own bounds.
///
/// The derivatives are those of `RowsTier`; what they are multiplied with and summed up to are operations on `Ball`s,
/// each of a proven bound. It leaves undecided: limits, a sharpness or a scale whose product with one logit is no double,
/// a soft cap of one logit, logits far above a cap, and what cancels or lies on a breakpoint.
struct GradientTier {
  private let function: LossFunction
  private let before: BeforeRows
  private let sharpness: ExactSharpness
  private let rounding: EnclosureRounding

  /// Whether nothing stands before the function.
  var isPlain: Bool { before.isIdentity }

  /// - Returns: nil for other functions and options, and for formats that float64 does not hold.
  init?(
    _ function: LossFunction, _ options: LossOptions, from inputFormat: FloatFormat,
    to format: FloatFormat, _ direction: RoundingDirection
  ) {
    guard function.gradOutputKind != .none,
      options.softcap == nil || !function.isBinary, options.areDoubles,
      inputFormat.isWithinFloat64,
      let rounding = EnclosureRounding(format, direction)
    else { return nil }
    self.function = function
    before = BeforeRows(options)
    sharpness = ExactSharpness(options)
    self.rounding = rounding
  }

  /// Decides what it can.
  func fill(_ rows: LossRows, _ result: inout CertifiedRows) {
    result.write(rounding) { writer in
      guard function.isBinary else {
        return before.withScratch(rows.classCount) { scratch in
          rows.forEachView { row, view in
            fill(view, scratch, writer.advanced(by: row * rows.classCount))
          }
        }
      }
      guard let doubles = before.doubles(rows.logits.doubles) else { return }
      rows.gradOutputs.doubles.withUnsafeBufferPointer { gradOutputs in
        doubles.withUnsafeBufferPointer { doubles in
          guard !isPlain else { return fillOneLogit(doubles, gradOutputs, writer) }
          for (place, logit) in doubles.enumerated() {
            writer.put(slope(logit, gradOutputs[place]), at: place)
          }
        }
      }
    }
  }

  /// The same of a row.
  func fill(_ row: RowView, _ writer: CertifiedWriter) {
    before.withScratch(row.count) { fill(row, $0, writer) }
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
        let sign: Double = function == .logSigmoidGradient ? -1 : 1
        for i in 0..<count {
          inside[i] = sharpness.times(logits[start + i]) ?? .nan
        }
        lo_wide_sigmoid(inside, count, sign, 1, high, low)
        if function == .sigmoidGradient {
          lo_wide_sigmoid(inside, count, -1, 1, otherHigh, otherLow)
        }
        for i in 0..<count {
          let (z, number) = (inside[i], gradOutputs[start + i])
          guard z.isFinite, number.isFinite else { continue }
          if number == 0 {
            writer.put(MagnitudeEnclosure(exactly: 0), at: start + i)
            continue
          }
          guard z != 0, z.magnitude <= 500, !sharpness.isLinear(z) else {
            writer.put(simple(z * sign, number), at: start + i)
            continue
          }
          var value = Self.ball(high[i], low[i])
          if function == .sigmoidGradient { value = value * Self.ball(otherHigh[i], otherLow[i]) }
          writer.put(MagnitudeEnclosure(value * Ball(number)), at: start + i)
        }
      }
    }
  }

  /// The derivative beyond the threshold, which is 1, at 0, and far from it, where next to nothing is left of 1 − σ or of
  /// the sigmoid, times a number.
  private func simple(_ z: Double, _ number: Double) -> MagnitudeEnclosure? {
    if sharpness.isLinear(z) { return MagnitudeEnclosure(exactly: number) }
    if z == 0 {
      let share = function == .sigmoidGradient ? 0.25 : 0.5
      return number.magnitude > 0x1p-1000 ? MagnitudeEnclosure(exactly: number * share) : nil
    }
    let argument = function == .sigmoidGradient ? -z.magnitude : z
    if argument < 0 {
      return MagnitudeEnclosure(Ball(number), timesExponentialOfNegative: Ball(-argument))
    }
    return MagnitudeEnclosure(
      head: LOPair(high: number.magnitude, low: 0), lessTail: number.magnitude * 0x1p-700,
      isNegative: number < 0)
  }

  /// The same of one logit, scaled and biased, over a temperature; nil at 0, where it is rational, among others.
  private func slope(_ z: Double, _ number: Double) -> MagnitudeEnclosure? {
    guard z.isFinite, z != 0, number.isFinite else { return nil }
    if number == 0 { return MagnitudeEnclosure(exactly: 0) }
    let temperature = Ball(before.temperature)
    let factor = Ball(number) * before.scale / temperature
    let argument = Ball(z.magnitude) / temperature
    // σ(−z), and for the sigmoid's derivative times σ(z).
    let isFalling = function == .logSigmoidGradient ? z > 0 : z < 0
    if argument.high > 500 {
      guard function == .sigmoidGradient || isFalling else { return nil }
      return MagnitudeEnclosure(factor, timesExponentialOfNegative: argument)
    }
    let power = argument.exponentialOfNegative
    let total = power + Ball(1)
    if function == .sigmoidGradient {
      return MagnitudeEnclosure(factor * (power / total / total))
    }
    return MagnitudeEnclosure(factor * ((isFalling ? power : Ball(1)) / total))
  }

  private static func ball(_ high: Double, _ low: Double) -> Ball {
    Ball(LOPair(high: high, low: low), error: high * lo_wideBound)
  }

  // MARK: - Functions of a row

  private func fill(
    _ view: RowView, _ scratch: UnsafeMutablePointer<Double>, _ writer: CertifiedWriter
  ) {
    let (g, count) = (view.gradOutput, view.count)
    guard g.allSatisfy(\.isFinite), let row = before.row(view.logits, scratch) else { return }
    let divisor = Ball(before.temperature)
    func put(_ number: MagnitudeEnclosure?, at index: Int) {
      var number = number
      if row.isConstant, before.hasRationalSlope(row, index) { number?.isRational = true }
      writer.put(number, at: index)
    }
    /// A factor, times the derivative of what stands before the function.
    func sloped(_ factor: Ball, _ index: Int) -> Ball {
      factor / divisor * before.slope(row, index)
    }
    switch function {
    case .logSumExpGradient:
      for index in 0..<count {
        put(row.share(index, times: sloped(Ball(g[0]), index), temperature: divisor), at: index)
      }
    case .logSoftmaxGradient:
      let total = Ball.sum(count) { Ball(g[$0]) }
      // The values are those of g, over the temperature, where the sum is 0: that is not for a ball to say.
      guard total.high.magnitude > total.error else { return }
      for index in 0..<count {
        if g[index] == 0 {
          put(row.share(index, times: sloped(-total, index), temperature: divisor), at: index)
          continue
        }
        let isAlone = row.isGreatest(index) && row.maximumCount == 1
        let value =
          isAlone
          ? (Ball(g[index]) - total) + total * row.complement(index)
          : Ball(g[index]) - total * row.probability(index)
        var number = MagnitudeEnclosure(sloped(value, index))
        // A positive share of the sum is taken from it.
        if isPlain, (g[index] < 0) == (total.high < 0) {
          if number.map({ $0.isNegative == (g[index] < 0) }) ?? false {
            number?.ceiling.high = g[index].magnitude
          }
        } else if isPlain {
          number?.floor.high = g[index].magnitude
        }
        put(number, at: index)
      }
      fillNearlyEqual(row, g, count, total, writer)
    case _ where g.allSatisfy { $0 == g[0] }:
      for index in 0..<count { writer.put(MagnitudeEnclosure(exactly: 0), at: index) }
    default:
      let greatest = Ball.sum(count) { row.isGreatest($0) ? Ball(g[$0]) : Ball(0) }
      let others = Ball.sum(count) { row.isGreatest($0) ? Ball(0) : Ball(g[$0]) * row.term($0) }
      let multiple = Ball(Double(row.maximumCount))
      for index in 0..<count {
        let own = Ball(g[index])
        let ofGreatest = multiple * own - greatest
        let sum = ofGreatest + (own * row.rest - others)
        let factor = sloped(sum / row.total, index)
        if sum.hasSign { put(row.share(index, times: factor, temperature: divisor), at: index) }
        guard ofGreatest.isZero, row.isGreatest(index), writer.isUndecided(at: index),
          let others = row.sumOfOthers(
            count, temperature: divisor, { .difference(own.high, g[$0]) })
        else { continue }
        let value = MagnitudeEnclosure(
          sloped(others.sum / row.total / row.total, index),
          timesExponentialOfNegative: others.least)
        writer.put(value, at: index)
      }
    }
  }
}
