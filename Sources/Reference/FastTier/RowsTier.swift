internal import FastKernels
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Certified values of rows through double-double arithmetic with proven bounds.
///
/// It leaves undecided: probabilities, which are `ProbabilityTier`'s; entropies, divergences and target logits, which
/// are `DistributionTier`'s; functions of one logit under a soft cap, or whose product with a scale or a sharpness is no
/// double;
/// infinite and NaN logits of functions of one logit and where there are options or soft targets, losses of a single class with options, focal losses whose exponent is no small integer, what
/// overflows the format, and the rare enclosure that is too wide.
struct RowsTier {
  private let function: LossFunction
  private let isPlain: Bool
  private let small: SmallRowsTier?
  private let categorical: CategoricalBalls?
  private let binary: BinaryBalls?
  private let before: BeforeRows
  private var temperature: Double { before.temperature }
  /// That of a softplus.
  private let sharpness: ExactSharpness
  private let rounding: EnclosureRounding

  /// - Parameter penaltyFactor: What the coefficient of a z-loss is multiplied by; nil for 1.
  /// - Returns: nil for formats that float64 does not hold and options that the tier does not know.
  init?(
    _ function: LossFunction, _ options: LossOptions, from inputFormat: FloatFormat,
    to format: FloatFormat, _ direction: RoundingDirection, penaltyFactor: Ball? = nil
  ) {
    guard options.input == .logits, function.gradOutputKind == .none,
      !function.isOfDistributions, options.softcap == nil || !function.isBinary,
      options.areDoubles, ExactSharpness.isAlone(options),
      inputFormat.isWithinFloat64,
      let rounding = EnclosureRounding(format, direction)
    else {
      return nil
    }
    self.function = function
    self.rounding = rounding
    isPlain = options.present.isEmpty
    small = isPlain ? SmallRowsTier(function, from: inputFormat, rounding, to: format) : nil
    before = BeforeRows(options)
    sharpness = ExactSharpness(options)
    categorical =
      function.isBinary
      ? nil : CategoricalBalls(function, options, penaltyFactor: penaltyFactor)
    binary = function.isBinary ? BinaryBalls(function, options) : nil
    guard categorical != nil || binary != nil else { return nil }
  }

  /// Decides what it can.
  func fill(_ rows: LossRows, _ result: inout CertifiedRows) {
    guard rows.targetKind != .logits else { return }
    result.write(rounding) { writer in
      guard !function.isBinary else {
        guard let doubles = before.doubles(rows.logits.doubles) else { return }
        return doubles.withUnsafeBufferPointer { logits in
          rows.probabilities.doubles.withUnsafeBufferPointer { fillOneLogit(logits, $0, writer) }
        }
      }
      rows.logits.doubles.withUnsafeBufferPointer { small?.fill(rows, $0, writer) }
      let outputCount = function.outputCount(classCount: rows.classCount)
      before.withScratch(rows.classCount) { scratch in
        rows.forEachView { row, view in
          let writer = writer.advanced(by: row * outputCount)
          guard (0..<outputCount).contains(where: writer.isUndecided) else { return }
          fill(view, scratch, writer)
        }
      }
    }
  }

  /// The same of a row of a categorical function.
  func fill(_ row: RowView, _ writer: CertifiedWriter) {
    guard row.targetKind != .logits, !function.isBinary else { return }
    before.withScratch(row.count) { fill(row, $0, writer) }
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
          turned[i] = isTurned ? -z : sharpness.times(z) ?? .nan
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
          } else if temperature != 1 {
            if let number = binary?.enclosed(logit: z) { writer.put(number, at: start + i) }
            continue
          }
          if sharpness.isLinear(turned[i]) {
            writer.put(MagnitudeEnclosure(sum: z), at: start + i)
            continue
          }
          guard turned[i].isFinite else { continue }
          let isNegative =
            function == .logSigmoid || (function.isGradient && targets[start + i] == 1)
          let pair = LOPair(high: high[i], low: low[i])
          var number =
            isSigmoid
            ? Self.sigmoid(turned[i], pair, isNegative: isNegative)
            : Self.softplus(turned[i], pair, isNegative: isNegative)
          if let divisor = sharpness.divisor {
            number = number?.divided(by: divisor)
            if z > 0 { number?.floor.high = z }
          }
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
    number.ceiling.high = z < 0 ? 0.5 : 1
    if z > 0 { number.floor.high = 0.5 }
    return number
  }

  // MARK: - Functions of a row

  private func fill(
    _ row: RowView, _ scratch: UnsafeMutablePointer<Double>, _ writer: CertifiedWriter
  ) {
    let count = row.count
    if function.hasTarget, let categorical, categorical.ignores(row.label) {
      for index in 0..<(function.isGradient ? count : 1) {
        writer.put(MagnitudeEnclosure(exactly: 0), at: index)
      }
      return
    }
    if count == 1, row.logits[0].isFinite { return fillSingle(row, writer) }
    guard let balls = before.row(row.logits, scratch) else { return fillSpecial(row, writer) }
    if function.hasTarget, !isPlain || row.label == nil {
      // Of a NaN a coefficient of 0 would leave nothing.
      guard row.target.allSatisfy(\.isFinite) else { return }
      categorical?.enclose(balls, row, writer)
      return
    }
    for index in 0..<(function.hasOutputPerClass ? count : 1) where writer.isOpen(at: index) {
      writer.put(output(index, label: row.label, balls), at: index)
    }
  }

  /// An output of a plain function, that of a class where there is one for each.
  @inline(__always)
  private func output(_ index: Int, label: Int?, _ row: BallRow) -> MagnitudeEnclosure? {
    switch function {
    case .logSumExp:
      temperature == 1
        ? row.enclosedLogSumExp
        : MagnitudeEnclosure(row.maximum / Ball(temperature) + row.logarithm)
    case .crossEntropy: label.flatMap { row.enclosedLoss($0) }
    case .logSoftmax: logProbability(index, row)
    case .softmax: probability(index, row)
    default: index == label ? row.enclosedComplement(index) : row.enclosedProbability(index)
    }
  }

  /// A row with infinite or NaN logits: limits, and what the finite logits leave where the greatest is one,
  /// see `LogitRow`.
  private func fillSpecial(_ row: RowView, _ writer: CertifiedWriter) {
    guard isPlain, !function.hasTarget || row.label != nil,
      Double(row.count) <= lo_greatestClassCount
    else { return }
    let (logits, count) = (row.logits, row.count)
    var (finiteCount, infiniteCount, hasNaN) = (0, 0, false)
    let capacity = count + BallTerms.scratchCount(count)
    withAlignedScratch(of: Double.self, capacity: capacity) { scratch in
      for index in 0..<count {
        let logit = logits[index]
        if logit.isFinite {
          scratch[finiteCount] = logit
          finiteCount += 1
        }
        if logit == .infinity { infiniteCount += 1 }
        if logit.isNaN { hasNaN = true }
      }
      guard let start = scratch.baseAddress else { return }
      let finite = UnsafeBufferPointer(start: start, count: finiteCount)
      let isFinite = !hasNaN && infiniteCount == 0
      let balls =
        isFinite && finiteCount > 1 ? BallRow(RowNumbers(finite), nil, start + count) : nil
      fillSpecial(row, finite, balls, infiniteCount: infiniteCount, hasNaN: hasNaN, writer)
    }
  }

  private func fillSpecial(
    _ row: RowView, _ finite: UnsafeBufferPointer<Double>, _ balls: BallRow?, infiniteCount: Int,
    hasNaN: Bool, _ writer: CertifiedWriter
  ) {
    let (logits, label, finiteCount) = (row.logits, row.label, finite.count)
    let isFinite = !hasNaN && infiniteCount == 0
    if function == .logSumExp {
      if let balls { return writer.put(balls.enclosedLogSumExp, at: 0) }
      if isFinite, finiteCount == 1 { return writer.put(MagnitudeEnclosure(sum: finite[0]), at: 0) }
      return writer.putLimit(hasNaN ? .nan : infiniteCount > 0 ? .infinity : -.infinity, at: 0)
    }
    /// The probability of a class, where it is a limit; NaN where there is none.
    func share(_ logit: Double) -> Double {
      if hasNaN || (infiniteCount == 0 && finiteCount == 0) { return .nan }
      let isGreatest = infiniteCount > 0 ? logit == .infinity : logit.isFinite
      return !isGreatest ? 0 : infiniteCount > 1 ? .nan : 1
    }
    // Among the finite ones.
    var position = 0
    let labelPosition = label.flatMap { label in
      logits[label].isFinite ? (0..<label).count { logits[$0].isFinite } : nil
    }
    for index in 0..<(function.hasOutputPerClass ? logits.count : 1) {
      let logit = function == .crossEntropy ? logits[label ?? 0] : logits[index]
      if let balls, logit.isFinite {
        writer.put(output(position, label: labelPosition, balls), at: index)
        position += 1
        continue
      }
      let share = share(logit)
      switch function {
      case _ where share.isNaN: writer.putLimit(.nan, at: index)
      case .softmax: writer.put(MagnitudeEnclosure(exactly: share), at: index)
      case .crossEntropyGradient:
        writer.put(MagnitudeEnclosure(exactly: index == label ? share - 1 : share), at: index)
      case _ where share == 1: writer.put(MagnitudeEnclosure(exactly: 0), at: index)
      default: writer.putLimit(function == .crossEntropy ? .infinity : -.infinity, at: index)
      }
    }
  }

  private func probability(_ index: Int, _ row: BallRow) -> MagnitudeEnclosure? {
    if temperature == 1 || row.isConstant { return row.enclosedProbability(index) }
    return row.share(index, times: Ball(1), temperature: Ball(temperature))
  }

  private func logProbability(_ index: Int, _ row: BallRow) -> MagnitudeEnclosure? {
    if temperature == 1 { return row.enclosedLoss(index, isNegative: true) }
    return MagnitudeEnclosure(
      magnitude: row.loss(index, temperature: Ball(temperature)), isNegative: true)
  }

  /// Of a single class the plain values are rational: its logit, 1 and 0.
  private func fillSingle(_ row: RowView, _ writer: CertifiedWriter) {
    guard isPlain, row.label == 0 || !function.hasTarget else {
      return
    }
    let value: Double =
      switch function {
      case .logSumExp: row.logits[0]
      case .softmax: 1
      default: 0
      }
    writer.put(MagnitudeEnclosure(sum: value), at: 0)
  }
}
