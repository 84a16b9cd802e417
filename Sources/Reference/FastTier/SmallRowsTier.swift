internal import FastKernels
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Certified values of rows of few classes through double arithmetic, several rows at a time: plain functions,
/// rounded to nearest, in formats of at most 24 bits, which leave it fifteen bits and more to be sure by.
struct SmallRowsTier {
  private let function: LossFunction
  private let tier: RowTier

  /// - Returns: nil for other formats and directions.
  init?(
    _ function: LossFunction, from inputFormat: FloatFormat, _ rounding: EnclosureRounding,
    to format: FloatFormat
  ) {
    guard rounding.direction == .nearestEven, FastTier.formats.contains(inputFormat),
      FastTier.formats.contains(format), let tier = RowTier(function)
    else { return nil }
    self.function = function
    self.tier = tier
  }

  /// Writes what it can decide.
  func fill(_ rows: LossRows, _ logits: UnsafeBufferPointer<Double>, _ writer: CertifiedWriter) {
    let count = rows.classCount
    guard RowTier.isSmall(classCount: count), !writer.multiplies,
      !function.hasTarget || rows.targetKind == .index
    else { return }
    let outputCount = function.hasOutputPerClass ? count : 1
    let blockSize = function.hasOutputPerClass ? RowTier.smallRowCount : bulkBlockSize
    // A product by the rounded inverse is off by three roundings, beside 2⁻⁴⁰ nothing.
    let factor = writer.divisor.map { 1 / $0.high } ?? 1
    withAlignedScratch(of: Float.self, capacity: blockSize * count) { floats in
      withAlignedScratch(of: Double.self, capacity: blockSize * (outputCount + 1)) { values in
        rows.labels.withUnsafeBufferPointer { labels in
          for start in stride(from: 0, to: rows.count, by: blockSize) {
            let block = start..<min(start + blockSize, rows.count)
            let numbers = UnsafeMutableBufferPointer(rebasing: floats[..<(block.count * count)])
            for i in numbers.indices { numbers[i] = Float(logits[start * count + i]) }
            approximate(
              UnsafeBufferPointer(numbers), classCount: count,
              labels: UnsafeBufferPointer(
                rebasing: function.hasTarget ? labels[block] : labels[..<0]),
              rowCount: block.count, into: values)
            for row in 0..<block.count where !isRational(numbers, row, count) {
              for place in row * outputCount..<(row + 1) * outputCount {
                guard let result = writer.rounding.nearest(to: values[place] * factor) else {
                  continue
                }
                writer.put(result, at: start * outputCount + place)
              }
            }
          }
        }
      }
    }
  }

  /// NaN where there is no approximation.
  private func approximate(
    _ logits: UnsafeBufferPointer<Float>, classCount: Int, labels: UnsafeBufferPointer<Int32>,
    rowCount: Int, into values: UnsafeMutableBufferPointer<Double>
  ) {
    guard function.hasOutputPerClass else {
      return tier.approximateLosses(
        logits, classCount: classCount, labels: labels,
        into: UnsafeMutableBufferPointer(rebasing: values[..<rowCount]))
    }
    tier.approximateOutputs(logits, classCount: classCount, labels: labels, into: values)
  }

  /// Whether all logits are equal, so that the probabilities are rational.
  @inline(__always)
  private func isRational(
    _ logits: UnsafeMutableBufferPointer<Float>, _ row: Int, _ count: Int
  ) -> Bool {
    function.hasOutputPerClass && function != .logSoftmax
      && (1..<count).allSatisfy { logits[row * count + $0] == logits[row * count] }
  }
}
