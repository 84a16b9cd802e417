internal import FastKernels
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Certified values of entropies, divergences and cross-entropies with target logits, in balls that carry their own
/// bounds: the formulas of `SoftmaxEntropy`, `KLDivergence`, `KLDivergenceGradient` and `JSDivergence`.
///
/// Under a soft cap, and where a scale or biases give no doubles, it knows the logits to within bounds only, and leaves
/// what hangs on their being equal. It leaves undecided: infinite and NaN logits, a single class, numbers beyond float64, entropies below 2⁻⁸⁶⁵, and what
/// cancels or lies on a breakpoint.
struct DistributionTier {
  private let function: LossFunction
  private let before: BeforeRows
  private let temperature: Ball
  private let rounding: EnclosureRounding
  private let flatScale: FlatRows.Scale

  /// - Returns: nil for other functions and formats that float64 does not hold.
  init?(
    _ function: LossFunction, _ options: LossOptions, from inputFormat: FloatFormat,
    to format: FloatFormat, _ direction: RoundingDirection
  ) {
    guard function.isOfDistributions || function.targetKinds.contains(.logits),
      inputFormat.isWithinFloat64, options.areDoubles,
      let rounding = EnclosureRounding(format, direction)
    else { return nil }
    self.function = function
    before = BeforeRows(options)
    temperature = Ball(options.temperature?.double ?? 1)
    self.rounding = rounding
    let isWithinFloat32 = [inputFormat, format].allSatisfy {
      $0.leastSubnormal.double >= Double(Float.leastNonzeroMagnitude)
    }
    flatScale = isWithinFloat32 ? .float32 : .float64
  }

  /// Decides what it can.
  func fill(_ rows: LossRows, _ result: inout CertifiedRows) {
    guard function.isOfDistributions || rows.targetKind == .logits else { return }
    let outputCount = function.outputCount(classCount: rows.classCount)
    result.write(rounding) { writer in
      before.withScratch(rows.classCount, rows: 2) { scratch in
        rows.forEachView { row, view in
          fill(view, scratch, writer.advanced(by: row * outputCount))
        }
      }
    }
  }

  /// The same of a row.
  func fill(_ row: RowView, _ writer: CertifiedWriter) {
    guard function.isOfDistributions || row.targetKind == .logits else { return }
    before.withScratch(row.count, rows: 2) { fill(row, $0, writer) }
  }

  private func fill(
    _ row: RowView, _ scratch: UnsafeMutablePointer<Double>, _ writer: CertifiedWriter
  ) {
    let count = row.count
    guard let p = before.row(row.logits, scratch) else { return }
    guard function.hasTarget else { return fillEntropy(p, count, writer) }
    guard let q = before.row(row.target, scratch + before.scratchCount(count)) else { return }
    let isSame = (0..<count).allSatisfy { row.logits[$0] == row.target[$0] }
    fill(p, q, isSame: isSame, count, writer)
  }

  /// Whether nothing stands before the rows but biases that give doubles.
  private func isPlain(_ row: BallRow) -> Bool {
    temperature.isOne && before.scale.isOne && row.isOfDoubles
  }

  /// log1p(S) + Σ pⱼdⱼ/T, and pᵢ(dᵢ − Σ pⱼdⱼ)/T².
  private func fillEntropy(_ p: BallRow, _ count: Int, _ writer: CertifiedWriter) {
    if function == .entropy,
      let number = p.farSum(temperature: temperature, { Ball(1) + $0 })
    {
      return writer.put(number, at: 0)
    }
    var sum = BallSum()
    for index in 0..<count where !p.isGreatest(index) {
      sum.add(p.term(index) * p.distance(index))
    }
    let mean = sum.value / p.total
    guard function == .entropyGradient else {
      let value = p.logarithm + mean / temperature
      return writer.put(MagnitudeEnclosure(value, isPositive: true), at: 0)
    }
    if isPlain(p), !p.isConstant, let flat = FlatRows(p, classes: 0..<count, flatScale) {
      return fill(flat, count, writer)
    }
    // Of equal logits all are 0.
    for index in 0..<count {
      let slope =
        p.isConstant
        ? Ball(0)
        : (p.distance(index) - mean) / temperature / temperature * before.slope(p, index)
      writer.put(p.share(index, times: slope, temperature: temperature), at: index)
      // Of the greatest it is the mean alone, however small that is.
      guard writer.isUndecided(at: index), p.isGreatest(index),
        let others = p.sumOfOthers(count, temperature: temperature, p.distance)
      else { continue }
      let number = MagnitudeEnclosure(
        -others.sum / p.total / p.total / temperature / temperature * before.slope(p, index),
        timesExponentialOfNegative: others.least)
      writer.put(number, at: index)
    }
  }

  private func fill(
    _ p: BallRow, _ q: BallRow, isSame: Bool, _ count: Int, _ writer: CertifiedWriter
  ) {
    let isOfDoubles = p.isOfDoubles && q.isOfDoubles
    let haveSameDistances =
      isOfDoubles
      && (0..<count).allSatisfy {
        let (d, e) = (p.distance($0), q.distance($0))
        return d.high == e.high && d.low == e.low && d.high.isFinite
      }
    if isSame || haveSameDistances, function != .crossEntropy {
      for index in 0..<(function.hasOutputPerClass ? count : 1) {
        writer.put(MagnitudeEnclosure(exactly: 0), at: index)
      }
      return
    }
    if isPlain(p), q.isOfDoubles, function != .crossEntropy,
      let flat = FlatRows(
        p, q, isOfMean: function == .jsDivergenceGradient, classes: 0..<count, flatScale)
    {
      guard function.hasOutputPerClass else {
        return writer.put(.vanishing(isNegative: false), at: 0)
      }
      return fill(flat, count, writer)
    }
    let pair = BallPair(p, q, temperature: temperature)
    switch function {
    case .klDivergence, .crossEntropy:
      writer.put(divergence(p, q, count), at: 0)
      if function == .klDivergence, isOfDoubles, writer.isUndecided(at: 0) {
        writer.put(
          small(pair, count, steep: \.divergence) ?? pair.divergence(count), at: 0)
      }
    case .klDivergenceGradient, .crossEntropyGradient:
      fillDifferences(pair, count, writer)
    case .jsDivergence:
      let small = isOfDoubles ? small(pair, count, steep: \.meanDivergence) : nil
      writer.put(
        small ?? pair.meanDivergence(count, isPositive: isOfDoubles), at: 0)
    default:
      _ = pair.withLogarithms(count) { fillMeanDerivatives(pair, count, $0, writer) }
    }
  }

  private func fill(_ flat: FlatRows, _ count: Int, _ writer: CertifiedWriter) {
    for index in 0..<count {
      writer.put(flat.slope(index), at: index)
      if writer.isUndecided(at: index) { writer.put(flat.tie(index), at: index) }
    }
  }

  /// With g one of the greatest of y: d_g/T + Lx − Ly + Σ' qⱼ(dⱼ − eⱼ − d_g)/T over the others, and without e and Ly
  /// the cross-entropy.
  private func divergence(_ p: BallRow, _ q: BallRow, _ count: Int) -> MagnitudeEnclosure? {
    let leading = p.distance(q.greatest)
    var sum = BallSum()
    for index in 0..<count where index != q.greatest {
      var distance = p.distance(index) - leading
      if function == .klDivergence { distance = distance - q.distance(index) }
      sum.add(q.term(index) * distance)
    }
    let logarithm = function == .klDivergence ? p.logarithm - q.logarithm : p.logarithm
    let value = leading / temperature + (logarithm + sum.value / q.total / temperature)
    return MagnitudeEnclosure(value)
  }

  /// (p − q)/T, by the differences of the rows where that leaves too few digits.
  private func fillDifferences(
    _ pair: BallPair, _ count: Int, _ writer: CertifiedWriter
  ) {
    let (p, q) = (pair.p, pair.q)
    func put(_ value: Ball, at index: Int) {
      let slope = before.slope(p, index)
      guard var enclosure = MagnitudeEnclosure(value / temperature * slope) else { return }
      if isPlain(p) { enclosure.ceiling.high = 1 }
      writer.put(enclosure, at: index)
    }
    for index in 0..<count where writer.isOpen(at: index) {
      let isLeading = [p, q].allSatisfy { $0.isGreatest(index) && $0.maximumCount == 1 }
      if let number = pair.farDifference(index, times: before.slope(p, index)) {
        writer.put(number, at: index)
        continue
      }
      put(
        isLeading
          ? q.complement(index) - p.complement(index)
          : p.probability(index) - q.probability(index), at: index)
    }
    guard (0..<count).contains(where: writer.isUndecided) else { return }
    _ = pair.withExcesses(count) { excesses, sum in
      for index in 0..<count where writer.isUndecided(at: index) {
        put(p.probability(index) * sum - excesses[index], at: index)
      }
    }
    guard p.isOfDoubles, q.isOfDoubles, (0..<count).contains(where: writer.isUndecided) else {
      return
    }
    fillLeading(pair, count, writer, isOfMean: false) { -pair.farChange($0) }
    guard (0..<count).contains(where: writer.isUndecided) else { return }
    withAlignedScratch(of: Double.self, capacity: 6 * count) {
      guard let start = $0.baseAddress else { return }
      let excess = pair.sumOfExcesses(count, BallColumn(start), start + 3 * count)
      fillSigns(pair, count, excess, writer)
    }
  }

  /// What is left is 0, or so small that only its sign matters.
  private func fillSigns(
    _ pair: BallPair, _ count: Int, _ excess: (sum: Ball, least: Ball)?, _ writer: CertifiedWriter
  ) {
    let (p, q) = (pair.p, pair.q)
    let isSameSum = !(excess?.sum.hasSign ?? false) && pair.haveSameDistances(count)
    for index in 0..<count where writer.isUndecided(at: index) {
      let difference = (q.distance(index) - p.distance(index)) / temperature
      if isSameSum, difference.isZero {
        writer.put(MagnitudeEnclosure(exactly: 0), at: index)
        continue
      }
      if difference.isZero, let excess {
        // p times the sum.
        writer.put(
          MagnitudeEnclosure(
            excess.sum / q.total / p.total / temperature * before.scale,
            timesExponentialOfNegative: excess.least + p.distance(index) / temperature),
          at: index)
        continue
      }
      let logarithm = isSameSum ? difference : pair.logarithm(index)
      guard logarithm.hasSign else { continue }
      let isNegative = logarithm.high < 0
      if isVanishing((isNegative ? q : p).distance(index)) {
        writer.put(.vanishing(isNegative: isNegative), at: index)
        continue
      }
      let value = (p.probability(index) - q.probability(index)) / temperature * before.scale
      writer.put(
        MagnitudeEnclosure(magnitude: isNegative ? -value : value, isNegative: isNegative),
        at: index)
    }
  }

  /// Leading classes that are all but equal in both rows, beside far ones of which each adds some number, in units of
  /// 2^`Ball.farExponent`, to what `FlatRows` calls S.
  private func fillLeading(
    _ pair: BallPair, _ count: Int, _ writer: CertifiedWriter, isOfMean: Bool,
    far number: (Int) -> Ball
  ) {
    let (p, q) = (pair.p, pair.q)
    guard isPlain(p), q.isOfDoubles,
      let leading = FlatRows.leading(p, q, count: count),
      leading.contains(where: writer.isUndecided)
    else { return }
    var sum = Ball(0)
    for index in 0..<count where !leading.contains(index) { sum = sum + number(index) }
    let flat = FlatRows(p, q, isOfMean: isOfMean, classes: leading, .float64, beside: sum)
    for (place, index) in leading.enumerated() where writer.isUndecided(at: index) {
      writer.put(flat?.slope(place), at: index)
    }
  }

  /// Whether e^(−d/T)·s/T is below 2⁻¹¹¹⁵: it is for d/T above 776, unless T is below 1 or s above.
  private func isVanishing(_ distance: Ball) -> Bool {
    keepsSmall && (distance / temperature).high > 776
  }

  /// A divergence that is next to nothing; nil of others.
  private func small(
    _ pair: BallPair, _ count: Int, steep value: (SteepPair) -> MagnitudeEnclosure?
  ) -> MagnitudeEnclosure? {
    if isVanishing(pair, count) { return .vanishing(isNegative: false) }
    return SteepPair(pair.p, pair.q, temperature: temperature, count: count).flatMap(value)
  }

  /// Whether a divergence is below 2⁻¹¹¹⁵, as where all but one class and its equals have next to no probability. It is at
  /// most the sum of what the others have in both rows, times, in the KL divergence, 1 + |log(q/p)|.
  private func isVanishing(_ pair: BallPair, _ count: Int) -> Bool {
    let slack = 0.7 * Double(Double(count).exponent + 3)
    return keepsSmall
      && (0..<count).allSatisfy { index in
        let own = (pair.p.distance(index) / temperature).high
        let other = (pair.q.distance(index) / temperature).high
        if own == 0, other == 0 { return true }
        // A distance may overflow.
        let size =
          function == .klDivergence ? 0.7 * (Double((1 + own + other).exponent) + 1) : 0
        return min(own, other) > 776 + slack + size
      }
  }

  /// Whether what is next to nothing stays so times s/T.
  private var keepsSmall: Bool { temperature.high >= 1 && before.scale.high <= 1 }

  /// ½ p·slope/T of each class, with slope log(p/m) less its mean over p: both less that of one class, where
  /// log 2 leaves them.
  private func fillMeanDerivatives(
    _ pair: BallPair, _ count: Int, _ logarithms: BallList, _ writer: CertifiedWriter
  ) {
    let p = pair.p
    let mean = Ball.sum(count) {
      pair.isFar(p, $0) ? .nextToNothing : p.probability($0) * logarithms[$0]
    }
    for index in 0..<count {
      let slope = (logarithms[index] - mean) * Ball(0.5) / temperature * before.slope(p, index)
      writer.put(p.share(index, times: slope, temperature: temperature), at: index)
    }
    guard p.isOfDoubles, pair.q.isOfDoubles, (0..<count).contains(where: writer.isUndecided) else {
      return
    }
    fillLeading(pair, count, writer, isOfMean: true) {
      pair.isFar(p, $0)
        ? .nextToNothing : Ball(-2) * logarithms[$0] * .farExponential(p.distance($0))
    }
    // Where the slope is the mean alone, it is known however small it is; and of others their sign.
    let shares = pair.sumOfShares(count, logarithms)
    for index in 0..<count where writer.isUndecided(at: index) {
      if logarithms[index].isZero, let shares {
        writer.put(
          MagnitudeEnclosure(
            -shares.sum * Ball(0.5) / p.total / p.total / temperature * before.scale,
            timesExponentialOfNegative: shares.least + p.distance(index) / temperature),
          at: index)
      }
      guard writer.isUndecided(at: index), keepsSmall,
        let slope = pair.dominantSlope(index, count),
        (p.distance(index) / temperature).high - slope.logarithm > 776
      else { continue }
      writer.put(.vanishing(isNegative: slope.isNegative), at: index)
    }
  }
}

extension LossFunction {
  /// Why values that are not rational are no breakpoints; `unsettled` where no theorem says so.
  func ground(of target: TargetKind, _ options: LossOptions) -> Ground {
    switch self {
    case _ where options.softcap != nil: .unsettled
    case .entropy, .klDivergence, .jsDivergence, .jsDivergenceGradient: .unsettled
    case .crossEntropy where target == .logits: .unsettled
    default: .lindemannWeierstrass
    }
  }
}
