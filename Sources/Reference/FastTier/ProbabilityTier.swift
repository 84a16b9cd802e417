internal import FastKernels
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Certified losses of probabilities and of their logarithms, and their gradients, through double-double
/// arithmetic with running bounds:
///
///     −log p = log1p((1 − p)/p),        −log(1 − p) = log1p(p/(1 − p)),
///
/// whose quotients are positive, and 1 − p an exact pair. Below 2⁻²⁴, p = m·2^e with m in [1, 2) gives
/// −e·log 2 − log1p(m − 1). The logarithm is the kernel's, proven for arguments up to 2²⁴.
///
/// It leaves undecided: options other than the kind of input, what is no probability, values below
/// 2⁻⁷⁵⁰, and the rare enclosure that is too wide.
struct ProbabilityTier {
  private let function: LossFunction
  private let input: InputKind
  private let rounding: EnclosureRounding

  /// - Returns: nil for logits, for formats that float64 does not hold, and where there are options.
  init?(
    _ function: LossFunction, _ options: LossOptions, from inputFormat: FloatFormat,
    to format: FloatFormat, _ direction: RoundingDirection
  ) {
    guard options.present == [.input], inputFormat.isWithinFloat64,
      let rounding = EnclosureRounding(format, direction)
    else { return nil }
    self.function = function
    input = options.input
    self.rounding = rounding
  }

  /// Decides what it can.
  func fill(_ rows: LossRows, _ result: inout CertifiedRows) {
    let (count, isPerClass) = (rows.classCount, function.hasOutputPerClass)
    let outputCount = isPerClass ? count : 1
    result.write(rounding) { writer in
      rows.logits.doubles.withUnsafeBufferPointer { numbers in
        rows.probabilities.doubles.withUnsafeBufferPointer { targets in
          for row in 0..<rows.count {
            let writer = writer.advanced(by: row * outputCount)
            let range = row * count..<(row + 1) * count
            if function.isBinary {
              putBinary(numbers[row], target: targets[row], writer)
              continue
            }
            let row = Row(
              numbers: UnsafeBufferPointer(rebasing: numbers[range]),
              label: rows.targetKind == .index ? Int(rows.labels[row]) : nil,
              targets: targets.isEmpty ? targets : UnsafeBufferPointer(rebasing: targets[range]))
            guard row.numbers.allSatisfy(isInside) else { continue }
            fill(row, writer)
          }
        }
      }
    }
  }

  /// Whether a number is a probability, or the logarithm of one. NaN is neither.
  private func isInside(_ number: Double) -> Bool {
    input == .probabilities ? number >= 0 && number <= 1 : number <= 0
  }

  // MARK: - One probability

  /// At p = 0 and p = 1 stand limits, with 0·∞ = 0: see `ProbabilityBinaryCrossEntropy`.
  private func putBinary(_ number: Double, target y: Double, _ writer: CertifiedWriter) {
    guard input == .probabilities, number == 0 || number == 1, y.isFinite else {
      return writer.put(binary(number, target: y), at: 0)
    }
    if number == y {
      writer.put(MagnitudeEnclosure(exactly: !function.isGradient ? 0 : y == 0 ? 1 : -1), at: 0)
    } else {
      writer.putLimit(function.isGradient && number == 0 ? -.infinity : .infinity, at: 0)
    }
  }

  private func binary(_ number: Double, target y: Double) -> MagnitudeEnclosure? {
    guard isInside(number), y.isFinite, number.isFinite, number != 0 else { return nil }
    if input == .logProbabilities { return logarithmic(number, target: y) }
    guard number < 1 else { return nil }
    let p = Ball(number)
    let q = Ball.difference(1, number)
    let rest = Ball.difference(1, y)
    if function.isGradient {
      // −y/p + (1 − y)/(1 − p), a multiple of a rational number.
      let value = rest / q - Ball(y) / p
      var number = MagnitudeEnclosure(value)
      number?.isRational = true
      return number
    }
    if y == 1 { return Self.negatedLogarithm(of: number) }
    if y == 0 { return Self.negatedLogarithm(ofOneMinus: number) }
    guard let positive = Self.logarithm(of: number), let negative = Self.logOnePlus(p / q) else {
      return nil
    }
    return MagnitudeEnclosure(Ball(y) * positive + rest * negative, isPositive: true)
  }

  /// −y·l − (1 − y)·log(1 − e^l), or −y + (1 − y)·e^l/(1 − e^l), for l < 0.
  private func logarithmic(_ l: Double, target y: Double) -> MagnitudeEnclosure? {
    if y == 1 { return MagnitudeEnclosure(exactly: function.isGradient ? -1 : -l) }
    // Beyond, the kernel cuts.
    guard l > -500 else { return nil }
    var (pair, argument) = (LOPair(high: 0, low: 0), l)
    lo_wide_exponentials(&argument, 1, 0, &pair.high, &pair.low)
    let power = Ball(term: pair)
    let complement = Ball(1) - power
    guard complement.high > 4 * complement.error else { return nil }
    let odds = power / complement
    let rest = Ball.difference(1, y)
    if function.isGradient { return MagnitudeEnclosure(rest * odds - Ball(y)) }
    guard let logarithm = Self.logOnePlus(odds) else { return nil }
    return MagnitudeEnclosure(Ball(y) * Ball(-l) + rest * logarithm, isPositive: true)
  }

  // MARK: - A row

  private struct Row {
    let numbers: UnsafeBufferPointer<Double>
    let label: Int?
    let targets: UnsafeBufferPointer<Double>

    func target(_ index: Int) -> Double {
      label.map { $0 == index ? 1 : 0 } ?? targets[index]
    }
  }

  private func fill(_ row: Row, _ writer: CertifiedWriter) {
    guard row.targets.allSatisfy(\.isFinite) else { return }
    if function.isGradient {
      for index in row.numbers.indices {
        let (number, y) = (row.numbers[index], row.target(index))
        if input == .probabilities, number == 0, y != 0 {
          writer.putLimit(-.infinity, at: index)
        } else if let slope = slope(number, y) {
          writer.put(slope, at: index)
        }
      }
    } else if let label = row.label {
      let number = row.numbers[label]
      if input == .probabilities ? number == 0 : number == -.infinity {
        writer.putLimit(.infinity, at: 0)
      } else if let loss = loss(number) {
        writer.put(loss, at: 0)
      }
    } else if input == .probabilities {
      var sum = Ball(0)
      for index in row.numbers.indices where row.targets[index] != 0 {
        guard row.numbers[index] != 1 else { continue }
        guard let term = Self.logarithm(of: row.numbers[index]) else { return }
        sum = sum + Ball(row.targets[index]) * term
      }
      guard !sum.isZero, let number = MagnitudeEnclosure(sum, isPositive: true) else { return }
      writer.put(number, at: 0)
    }
  }

  /// The loss of the class that is the target.
  private func loss(_ number: Double) -> MagnitudeEnclosure? {
    if input == .logProbabilities {
      return number.isFinite ? MagnitudeEnclosure(sum: number.magnitude) : nil
    }
    return number == 1 ? MagnitudeEnclosure(exactly: 0) : Self.negatedLogarithm(of: number)
  }

  /// −y/p, or −y.
  private func slope(_ number: Double, _ y: Double) -> MagnitudeEnclosure? {
    if y == 0 { return MagnitudeEnclosure(exactly: 0) }
    if input == .logProbabilities { return MagnitudeEnclosure(exactly: -y) }
    guard number > 0, var quotient = MagnitudeEnclosure(Ball(y) / Ball(number)) else { return nil }
    quotient.isNegative = true
    quotient.isRational = true
    return quotient
  }

  // MARK: - Logarithms

  /// −log p for p in (0, 1), above 1 − p.
  private static func negatedLogarithm(of p: Double) -> MagnitudeEnclosure? {
    guard let ball = logarithm(of: p), var number = MagnitudeEnclosure(ball, isPositive: true)
    else {
      return nil
    }
    if p >= 0.5 { number.floor.high = 1 - p }
    return number
  }

  /// −log(1 − p) for p in (0, 1), above p.
  private static func negatedLogarithm(ofOneMinus p: Double) -> MagnitudeEnclosure? {
    guard let ball = logOnePlus(Ball(p) / .difference(1, p)),
      var number = MagnitudeEnclosure(ball, isPositive: true)
    else { return nil }
    number.floor.high = p
    return number
  }

  /// −log p for p in (0, 1); nil at 0, and where it is too small.
  private static func logarithm(of p: Double) -> Ball? {
    guard p > 0, p < 1 else { return nil }
    if p >= 0x1p-23 { return logOnePlus(.difference(1, p) / Ball(p)) }
    let log2 = Ball(1).logOnePlus
    return Ball(Double(-p.exponent)) * log2 - Ball(p.significand - 1).logOnePlus
  }

  /// log(1 + s) where the kernel's bound is proven.
  private static func logOnePlus(_ s: Ball) -> Ball? {
    s.high >= lo_leastWide && s.high <= 0x1p24 && s.error < s.high ? s.logOnePlus : nil
  }
}
