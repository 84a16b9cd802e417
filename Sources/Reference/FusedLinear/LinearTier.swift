internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// The logits of a few rows by all classes, in pairs within a proven bound: see `SlicedProduct`.
///
/// Its memory is that of so many logits, whatever the number of rows.
struct LogitBlock {
  let rowCount: Int
  let classCount: Int
  /// The numbers from a row to the next.
  let width: Int
  private(set) var high: [Double]
  private(set) var low: [Double]
  /// What each row's logits are off by.
  private(set) var errors: [Double]

  /// The greatest number of logits of a block: 32 MiB of pairs' high parts.
  static let capacity = 1 << 22

  /// How many rows a block of so many classes has.
  static func rowCount(classCount: Int) -> Int { min(max(capacity / max(classCount, 1), 4), 256) }

  /// - Parameter factor: What the logits are multiplied by, within 2⁶⁰ and 2⁻⁶⁰.
  init(
    _ input: LinearInput, rows: [Int], factor: Ball = Ball(1), sliceCount: Int, threadCount: Int
  ) {
    let (rowCount, depth, classCount) = (rows.count, input.width, input.classCount)
    let panelWidth = Int(lo_panelWidth)
    let panelCount = (classCount + panelWidth - 1) / panelWidth
    let width = panelCount * panelWidth
    var numbers: [Double] = []
    numbers.reserveCapacity(rowCount * depth)
    for row in rows { numbers += input.hidden[row * depth..<(row + 1) * depth].map { Double($0) } }
    let left = SlicedRows(numbers, rowCount: rowCount, depth: depth, sliceCount: sliceCount)
    var high = [Double](repeating: 0, count: rowCount * width)
    var low = high
    let greatest = input.weight.withUnsafeBufferPointer { weight in
      high.withUnsafeMutableBufferPointer { high in
        low.withUnsafeMutableBufferPointer { low -> [(Double, Double)] in
          // Each piece writes its own columns.
          nonisolated(unsafe) let (weight, high, low) = (
            weight.baseAddress, high.baseAddress, low.baseAddress
          )
          return OrderedPieces(of: panelCount, threadCount: threadCount).map {
            panels -> (Double, Double) in
            withStandardArithmetic {
              var (magnitude, square) = (0.0, 0.0)
              guard let weight, let high, let low else { return (magnitude, square) }
              for panel in panels {
                let first = panel * panelWidth
                let columns = SlicedPanel(
                  weight + first * depth, stride: depth,
                  columnCount: min(panelWidth, classCount - first), depth: depth,
                  isTransposed: true, sliceCount: sliceCount)
                columns.addProducts(of: left, to: high + first, low + first, width: width)
                magnitude = max(magnitude, columns.greatest.max() ?? 0)
                square = max(square, columns.squares.max() ?? 0)
              }
              return (magnitude, square)
            }
          }
        }
      }
    }
    var biases = input.bias.map { $0.map { Double($0) } }
    if biases != nil { biases? += [Double](repeating: 0, count: width - classCount) }
    let power = SlicedProduct.power(above: greatest.map(\.0).max() ?? 0)
    let norm = (greatest.map(\.1).max() ?? 0).squareRoot() * (1 + 0x1p-50)
    let greatestBias = (biases ?? []).reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
    errors = []
    for row in 0..<rowCount {
      let largest = high.withUnsafeMutableBufferPointer { high in
        low.withUnsafeMutableBufferPointer { low in
          lo_finish_sums(
            high.baseAddress.map { $0 + row * width }, low.baseAddress.map { $0 + row * width },
            biases, width)
        }
      }
      // Of one slice all that rounds is a plain sum, for which Cauchy and Schwarz may bound the magnitudes better.
      var error = left.error(row) * power
      if sliceCount == 1 {
        let plain = left.norms[row] * norm * (Double(lo_stretch) + 4) * SlicedProduct.unitRoundoff
        error = min(error, plain * (1 + 0x1p-20) + 0x1p-1000)
        // The low part is left out.
        error += largest * 0x1p-52
      }
      // The bias is added without loss, and the low part rounded twice.
      errors.append((error + (largest + greatestBias) * 0x1p-100) * (1 + 0x1p-20))
    }
    (self.rowCount, self.classCount, self.width) = (rowCount, classCount, width)
    (self.high, self.low) = (high, low)
    if factor.high != 1 || factor.low != 0 || factor.error != 0 {
      multiply(by: factor, isPlain: sliceCount == 1)
    }
  }

  /// Multiplies the logits by a positive ball; of masked ones those of `lo_maskedLogit` stay.
  ///
  /// - Parameter isPlain: Whether the low parts are left out, of which there is one more now.
  private mutating func multiply(by factor: Ball, isPlain: Bool) {
    let rounded = Ball(LOPair(high: factor.high, low: factor.low), error: 0)
    for row in 0..<rowCount {
      var largest = 0.0
      for place in row * width..<(row + 1) * width where high[place] != lo_maskedLogit {
        let product = Ball(LOPair(high: high[place], low: low[place]), error: 0) * rounded
        (high[place], low[place]) = (product.high, product.low)
        largest = max(largest, product.high.magnitude)
      }
      // What the pairs are off by, times the factor; what that is off by; and the products' own roundings.
      let relative = factor.error / factor.high + 0x1p-98 + (isPlain ? 0x1p-52 : 0)
      errors[row] =
        (errors[row] * factor.high + largest * relative) * (1 + 0x1p-20) + 0x1p-900
    }
  }
}

/// A row of a block as its loss and gradient need it: with an index j of a greatest high part, the terms
/// e^(x − x_j), their sum S over the others, and log1p(S).
///
/// An error of δ in each logit changes each term by the factor e^(±2δ), and S by no more.
struct LinearBalls {
  private let high: UnsafePointer<Double>
  /// nil where there is one slice.
  private let low: UnsafePointer<Double>?
  /// A bound of what the difference of two logits is off by.
  private let error: Double
  /// j.
  let greatest: Int
  /// S.
  let others: Ball
  /// log1p(S), positive.
  let logarithm: Ball
  /// The relative error of each term.
  let termBound: Double

  /// - Parameter scratch: Room for the terms; nil for one slice, where they are not kept.
  /// - Returns: nil where the error is too great, or a sum too small for the proofs.
  init?(
    high: UnsafePointer<Double>, low: UnsafePointer<Double>, count: Int, error: Double,
    scratch: BallRow.Scratch?
  ) {
    let greatest = lo_wide_greatest(high, count)
    // The high and the low part of a logit are taken one after the other.
    let difference = 2 * error
    guard greatest >= 0, count > 1, Double(count) <= lo_greatestClassCount, difference < 0x1p-20
    else { return nil }
    let pivot = high[greatest]
    // Low parts are below 2⁻⁵³ of high ones, of which those that are not cut are within 600 of the pivot: their
    // differences are below 2⁻²⁸, whose third power the proof leaves out.
    if scratch != nil, pivot.magnitude > 0x1p23 { return nil }
    let sum: LOPair
    var bound = difference * (1 + 0x1p-19)
    if let scratch {
      lo_wide_exponentials(high, count, pivot, scratch.high, scratch.low)
      lo_correct_exponentials(scratch.high, scratch.low, low, low[greatest], count)
      let own = (scratch.high[greatest], scratch.low[greatest])
      (scratch.high[greatest], scratch.low[greatest]) = (0, 0)
      sum = lo_wide_sum(scratch.high, scratch.low, count)
      (scratch.high[greatest], scratch.low[greatest]) = own
      bound += 0x1p-84
    } else {
      sum = lo_quick_sum_exponentials(high, count, greatest, greatest, pivot)
      bound += lo_quickSumBound
    }
    (self.high, self.low) = (high, scratch == nil ? nil : low)
    self.error = difference
    self.greatest = greatest
    termBound = bound
    others = Ball(sum, error: sum.high * bound + 2 * Ball.cut * Double(count))
    let tail = lo_wide_log_one_plus_sum(sum)
    var logarithm = Ball(tail: tail)
    // The derivative of log1p(S) by log S is S/(1 + S).
    logarithm.error += others.error * (1 + 0x1p-19) / (1 + sum.high)
    self.logarithm = logarithm
  }

  /// x_j.
  var greatestLogit: Ball {
    Ball(LOPair(high: high[greatest], low: low?[greatest] ?? 0), error: error)
  }

  /// x_j − x of a class.
  func distance(_ index: Int) -> Ball {
    guard index != greatest else { return Ball(0) }
    let head = LOPair.sum(high[greatest], -high[index])
    let rest = low.map { $0[greatest] - $0[index] } ?? 0
    let sum = LOPair.sum(head.high, head.low + rest)
    return Ball(
      sum, error: error + (sum.high.magnitude + rest.magnitude) * 0x1p-100 + 0x1p-1000)
  }
}
