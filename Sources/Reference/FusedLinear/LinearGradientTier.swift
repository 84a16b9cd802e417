internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// Gradients of the fused loss by matrix products with proven bounds: rows are taken a block at a time, their
/// derivatives by the logits formed in the block, and multiplied by the weights, or by the hidden rows.
///
/// By Hölder's inequality Σ |δ_c|·|w_ck| is at most the sum of the errors by the greatest |w_ck|.
struct LinearGradientTier {
  let input: LinearInput
  let options: LossOptions
  /// The rows that are asked for, or that are summed over: none that is ignored.
  let rows: [Int]
  /// What derivatives are multiplied by.
  let scale: Ball
  /// The coefficient of the squared log-sum-exp, over what divides it times what divides the rest; 0 without one.
  let penalty: Ball
  let sliceCount: Int
  let threadCount: Int

  /// Calls `body` with blocks of the rows; those of uncertain derivatives are left out.
  ///
  /// - Returns: Whether there were all.
  private func forEachBlock(_ body: ([Int], LinearSlopes) -> Void) -> Bool {
    guard let coefficients = LinearCoefficients(options, classCount: input.classCount),
      input.finiteLogitCount > 1
    else { return false }
    let scale = coefficients.logitFactor * scale
    let size = LogitBlock.rowCount(classCount: input.classCount)
    var isWhole = true
    for start in stride(from: 0, to: rows.count, by: size) {
      let some = Array(rows[start..<min(start + size, rows.count)])
      let block = LogitBlock(
        input, rows: some, factor: coefficients.logitFactor, sliceCount: sliceCount,
        threadCount: threadCount)
      let slopes = LinearSlopes(
        block, labels: some.map { Int(input.labels[$0]) }, coefficients, scale: scale,
        penalty: penalty,
        gradOutputs: some.map { Double(input.gradOutput?[$0] ?? 1) }, threadCount: threadCount)
      if let slopes { body(some, slopes) } else { isWhole = false }
    }
    return isWhole
  }

  /// The blocks of rows.
  private var blockCount: Int { rows.count / LogitBlock.rowCount(classCount: input.classCount) + 1 }

  // MARK: - By the hidden rows

  /// How many classes' weights are packed at a time.
  private static let classChunk = 4096

  /// Gives the derivatives by the rows' hidden numbers, Σ_c g_rc·w_ck.
  func hiddenGradients(_ writer: CertifiedWriter) {
    let width = input.width
    _ = forEachBlock { rows, slopes in
      let left = SlicedRows(
        slopes.high, rests: slopes.low, rowCount: rows.count, depth: slopes.width,
        sliceCount: sliceCount)
      let errors = rows.indices.map { row in
        left.error(row, passCount: slopes.classCount / Self.classChunk + 1)
          + slopes.bounds[row].total(left.sums[row], classCount: slopes.classCount)
      }
      input.weight.withUnsafeBufferPointer { weight in
        // Each number is written by one thread.
        nonisolated(unsafe) let writer = writer
        products(left, weight, count: slopes.classCount) { row, feature, pair, power in
          writer.put(
            .sum(pair, error: errors[row] * power, of: power), at: rows[row] * width + feature)
        }
      }
    }
  }

  /// Calls `receive` with the sums over rows of a matrix of so many times `width` numbers, times left factors,
  /// and with a power of two above the greatest number of the feature, 0 where there are zeros alone: from several
  /// threads, a feature from one.
  private func products(
    _ left: SlicedRows, _ matrix: UnsafeBufferPointer<Float>, count: Int,
    _ receive: @Sendable (_ row: Int, _ feature: Int, LOPair, _ power: Double) -> Void
  ) {
    let (width, panelWidth) = (input.width, Int(lo_panelWidth))
    // Read by all threads.
    nonisolated(unsafe) let start = matrix.baseAddress
    let pieces = OrderedPieces(
      of: (width + panelWidth - 1) / panelWidth, pieceSize: 1, threadCount: threadCount)
    _ = pieces.map { panels in
      withStandardArithmetic {
        guard let start else { return }
        let first = panels.lowerBound * panelWidth
        let columnCount = min(panelWidth, width - first)
        var high = [Double](repeating: 0, count: left.rowCount * panelWidth)
        var (low, powers) = (high, [Double](repeating: 0, count: panelWidth))
        for chunk in stride(from: 0, to: count, by: Self.classChunk) {
          let panel = SlicedPanel(
            start + chunk * width + first, stride: width, columnCount: columnCount,
            depth: min(Self.classChunk, count - chunk), isTransposed: false,
            sliceCount: sliceCount)
          panel.addProducts(of: left, from: chunk, to: &high, &low, width: panelWidth)
          for column in 0..<columnCount {
            powers[column] = max(
              powers[column], SlicedProduct.power(above: panel.greatest[column]))
          }
        }
        for row in 0..<left.rowCount {
          for column in 0..<columnCount {
            let place = row * panelWidth + column
            receive(row, first + column, .sum(high[place], low[place]), powers[column])
          }
        }
      }
    }
  }

  // MARK: - By the weights and biases

  /// Gives the derivatives of the rows' sum by the weights, Σ_r g_rc·h_rk, class by class.
  func weightGradients(_ writer: CertifiedWriter) {
    let (width, classCount) = (input.width, input.classCount)
    var sums = [LOPair](repeating: LOPair(high: 0, low: 0), count: classCount * width)
    // What a class is off by for hidden numbers below 1.
    var errors = [Double](repeating: 0, count: classCount)
    var powers = [Double](repeating: 0, count: width)
    let isWhole = forEachBlock { rows, slopes in
      let hidden = rows.flatMap { input.hidden[$0 * width..<($0 + 1) * width] }
      let (high, low) = slopes.columns
      for index in 0..<classCount {
        for row in rows.indices {
          errors[index] += slopes.bounds[row].error(
            high[index * rows.count + row].magnitude, of: index)
        }
      }
      let left = SlicedRows(
        high, rests: low, rowCount: classCount, depth: rows.count, sliceCount: sliceCount)
      for index in 0..<classCount { errors[index] += left.error(index, passCount: blockCount) }
      sums.withUnsafeMutableBufferPointer { sums in
        powers.withUnsafeMutableBufferPointer { powers in
          hidden.withUnsafeBufferPointer { hidden in
            // A feature is written by one thread.
            nonisolated(unsafe) let (sums, powers) = (sums, powers)
            products(left, hidden, count: rows.count) { index, feature, pair, power in
              powers[feature] = max(powers[feature], power)
              let place = index * width + feature
              let sum = LOPair.sum(sums[place].high, pair.high)
              sums[place] = .sum(sum.high, sum.low + (sums[place].low + pair.low))
            }
          }
        }
      }
    }
    guard isWhole else { return }
    // Each class is written by one thread.
    nonisolated(unsafe) let writer = writer
    let (pairs, bounds, greatest) = (sums, errors, powers)
    _ = OrderedPieces(of: classCount, threadCount: threadCount).map { classes in
      withStandardArithmetic {
        for index in classes {
          for feature in 0..<width {
            let (place, power) = (index * width + feature, greatest[feature])
            writer.put(
              .sum(pairs[place], error: bounds[index] * power * (1 + 0x1p-20), of: power),
              at: place)
          }
        }
      }
    }
  }

  /// Gives the derivatives of the rows' sum by the biases, Σ_r g_rc.
  func biasGradients(_ writer: CertifiedWriter) {
    var sums = [Ball](repeating: Ball(0), count: input.classCount)
    let isWhole = forEachBlock { rows, slopes in
      let (high, low) = slopes.columns
      for index in sums.indices {
        for row in rows.indices {
          let place = index * rows.count + row
          let error = slopes.bounds[row].error(high[place].magnitude, of: index)
          sums[index] =
            sums[index] + Ball(LOPair(high: high[place], low: low[place]), error: error)
        }
      }
    }
    guard isWhole else { return }
    for (index, sum) in sums.enumerated() { writer.put(MagnitudeEnclosure(sum), at: index) }
  }
}

extension MagnitudeEnclosure {
  /// A sum of products within a bound, 0 where all right factors are; nil where its sign is open.
  fileprivate static func sum(
    _ pair: LOPair, error: Double, of power: Double
  ) -> MagnitudeEnclosure? {
    if power == 0 { return MagnitudeEnclosure(exactly: 0) }
    return MagnitudeEnclosure(
      Ball(pair, error: error + pair.high.magnitude * 0x1p-100 + 0x1p-1000))
  }
}
