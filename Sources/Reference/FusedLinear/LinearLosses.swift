internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// The coefficients of rows' losses as balls: see `ClassCoefficients`.
struct LinearCoefficients {
  private let weights: [Double]?
  private let smoothing: Double?
  private let classCount: Int
  /// D.
  let denominator: Ball
  /// s/T: what the logits are multiplied by before the loss.
  let logitFactor: Ball
  /// The coefficient of the squared log-sum-exp.
  let zLoss: Double
  /// Whether all classes count.
  var isSmoothed: Bool { smoothing != nil }

  /// - Returns: nil where the doubles do not hold a number, and under a soft cap.
  init?(_ options: LossOptions, classCount: Int) {
    guard options.areDoubles, options.softcap == nil else { return nil }
    logitFactor = Ball(options.scale?.double ?? 1) / Ball(options.temperature?.double ?? 1)
    guard 0x1p-60...0x1p60 ~= logitFactor.high else { return nil }
    zLoss = options.zLoss?.double ?? 0
    weights = options.classWeights?.map(\.double)
    smoothing = options.labelSmoothing?.double
    self.classCount = classCount
    denominator = Ball(smoothing == nil ? 1 : Double(classCount))
  }

  /// What a class has beside the label's share: w·ε, or 0.
  func base(_ index: Int) -> Ball { smoothing.map { Ball($0) * weight(index) } ?? Ball(0) }

  /// The label's share, w·K·(1 − ε), or w.
  func share(_ label: Int) -> Ball {
    guard let smoothing else { return weight(label) }
    return Ball.difference(1, smoothing) * Ball(Double(classCount)) * weight(label)
  }

  func weight(_ index: Int) -> Ball { Ball(weights?[index] ?? 1) }

  /// Σ of the bases.
  func baseTotal() -> Ball {
    guard let smoothing else { return Ball(0) }
    guard weights != nil else { return Ball(smoothing) * Ball(Double(classCount)) }
    return (0..<classCount).reduce(Ball(0)) { $0 + base($1) }
  }
}

/// The losses of rows within proven bounds, by logits in so many slices.
struct LinearLosses {
  let input: LinearInput
  let options: LossOptions
  let sliceCount: Int
  let threadCount: Int

  /// The loss of each of some rows, none of which is ignored; nil where the tier has none. The zero ball is the
  /// number 0, all else is positive.
  func balls(of rows: [Int]) -> [Ball?] {
    guard let coefficients = LinearCoefficients(options, classCount: input.classCount),
      input.finiteLogitCount > 1
    else { return rows.map { _ in nil } }
    let baseTotal = coefficients.baseTotal()
    var balls: [Ball?] = []
    let size = LogitBlock.rowCount(classCount: input.classCount)
    for start in stride(from: 0, to: rows.count, by: size) {
      let some = Array(rows[start..<min(start + size, rows.count)])
      let block = LogitBlock(
        input, rows: some, factor: coefficients.logitFactor, sliceCount: sliceCount,
        threadCount: threadCount)
      let pieces = OrderedPieces(of: some.count, threadCount: threadCount)
      balls += pieces.map { piece in
        withStandardArithmetic {
          piece.map {
            loss(of: block, $0, label: Int(input.labels[some[$0]]), coefficients, baseTotal)
          }
        }
      }.joined()
    }
    return balls
  }

  private func loss(
    of block: LogitBlock, _ row: Int, label: Int, _ coefficients: LinearCoefficients,
    _ baseTotal: Ball
  ) -> Ball? {
    // A class of weight above 0 that is masked makes a loss infinite.
    guard !input.isMasked(label),
      !coefficients.isSmoothed || input.finiteLogitCount == input.classCount
    else { return nil }
    return block.withBalls(row, keepsTerms: sliceCount > 1) { balls in
      let share = coefficients.share(label)
      var head = share * balls.distance(label)
      if coefficients.isSmoothed {
        for index in 0..<block.classCount {
          head = head + coefficients.base(index) * balls.distance(index)
        }
      }
      let total = share + baseTotal
      var value = (head + total * balls.logarithm) / coefficients.denominator
      if coefficients.zLoss > 0 {
        let logSumExp = balls.greatestLogit + balls.logarithm
        value = value + Ball(coefficients.zLoss) * logSumExp * logSumExp
      }
      return value.high > 0 || value.isZero ? value : nil
    }
  }
}

extension LogitBlock {
  /// Calls `body` with a row; nil where there is no certain one.
  func withBalls<Result>(
    _ row: Int, keepsTerms: Bool, _ body: (LinearBalls) -> Result?
  ) -> Result? {
    high.withUnsafeBufferPointer { high in
      low.withUnsafeBufferPointer { low -> Result? in
        withAlignedScratch(of: Double.self, capacity: keepsTerms ? 2 * classCount : 1) {
          scratch -> Result? in
          guard let high = high.baseAddress, let low = low.baseAddress,
            let room = scratch.baseAddress,
            let balls = LinearBalls(
              high: high + row * width, low: low + row * width, count: classCount,
              error: errors[row], scratch: keepsTerms ? (room, room + classCount) : nil)
          else { return nil }
          return body(balls)
        }
      }
    }
  }
}

extension LinearInput {
  /// Whether the logit of a class is −∞.
  func isMasked(_ index: Int) -> Bool { bias?[index] == -.infinity }

  /// How many classes are not masked.
  var finiteLogitCount: Int { bias?.count(where: \.isFinite) ?? classCount }
}
