internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// A row of logits v = b + g(s·x) that are known to within bounds, with g(y) = y or c·tanh(y/c): what `LogitTransform`
/// makes of a row. With m one of the greatest, the distances m − v, the terms e^((v − m)/T) and the derivatives by x.
final class TransformedLogits {
  let count: Int
  /// m; no other logit is known to be above it.
  let maximum: Ball
  /// Its index, the first of the equal ones.
  let greatest: Int
  /// The number of classes whose logits are equal to m.
  private(set) var maximumCount = 0
  /// The sum of the others' terms.
  private(set) var rest = Ball(0)
  private let logits: RowNumbers
  private let transform: BallTransform
  private let columns: Columns
  private let stretch: Stretch

  /// What is kept of a stretch.
  fileprivate struct Columns {
    /// The logits v, and then m − v: 0 exactly where the logits are equal.
    let distances: BallColumn
    let terms: BallColumn
    let slopes: BallColumn?
    /// 2|s·x|/c, under a soft cap.
    let doubled: BallColumn
    /// Room for three numbers for each class.
    let arguments: UnsafeMutablePointer<Double>
  }

  /// The numbers of scratch memory that a row of so many classes needs.
  static func scratchCount(_ classCount: Int) -> Int {
    Stretch.scratchCount + 15 * Stretch.capacity(classCount)
  }

  /// - Parameter scratch: Room for as many numbers as `scratchCount` says.
  /// - Returns: nil for infinite and NaN logits, a single class, or more classes than a bound was proven for.
  init?(
    _ logits: RowNumbers, _ transform: BallTransform, _ scratch: UnsafeMutablePointer<Double>
  ) {
    count = logits.count
    guard count > 1, Double(count) <= lo_greatestClassCount, logits.allSatisfy(\.isFinite) else {
      return nil
    }
    (self.logits, self.transform) = (logits, transform)
    let stretch = Stretch(count, scratch)
    self.stretch = stretch
    let (room, capacity) = (scratch + Stretch.scratchCount, stretch.capacity)
    let columns = Columns(
      distances: BallColumn(room), terms: BallColumn(room + 3 * capacity),
      slopes: transform.softcap == nil ? nil : BallColumn(room + 6 * capacity),
      doubled: BallColumn(room + 9 * capacity), arguments: room + 12 * capacity)
    self.columns = columns
    var (greatest, maximum) = (-1, Ball(0))
    if transform.isIncreasing, capacity < logits.count {
      // The greatest is that of the numbers that the logits are made of.
      greatest = logits.greatest
      maximum = transform.value(logits[greatest], of: greatest)
    } else {
      _ = stretch.forEach { classes in
        transform.apply(logits, classes, columns)
        for index in classes {
          let value = columns.distances[index - classes.lowerBound]
          if greatest < 0 || value.isAbove(maximum) { (greatest, maximum) = (index, value) }
        }
        return true
      }
    }
    (self.greatest, self.maximum) = (greatest, maximum)
    var (maximumCount, rest) = (0, Ball(0))
    let areKnown = stretch.forEach { classes in
      // Of a single stretch the logits are there.
      if classes.count < count { transform.apply(logits, classes, columns) }
      finish(classes)
      var sum = Ball(0)
      for place in 0..<classes.count {
        let distance = columns.distances[place]
        guard distance.error.isFinite else { return false }
        if distance.isZero { maximumCount += 1 } else { sum = sum + columns.terms[place] }
      }
      rest = rest + sum
      return true
    }
    guard areKnown else { return nil }
    (self.maximumCount, self.rest) = (maximumCount, rest)
  }

  /// Makes distances and terms of the logits of a stretch.
  private func finish(_ classes: Range<Int>) {
    for index in classes {
      let place = index - classes.lowerBound
      let isEqual = transform.areEqual(logits, index, greatest)
      var distance = isEqual ? Ball(0) : maximum - columns.distances[place]
      // It may be below 0 by what is not known of the greater one.
      if !isEqual, distance.high < 0 {
        distance = Ball(LOPair(high: 0, low: 0), error: distance.error - 2 * distance.high)
      }
      columns.distances[place] = distance
      columns.terms[place] = distance / transform.temperature
    }
    columns.terms.exponentiate(classes.count, columns.arguments)
  }

  private func place(_ index: Int) -> Int {
    stretch.place(index) { classes in
      transform.apply(logits, classes, columns)
      finish(classes)
    }
  }

  func distance(_ index: Int) -> Ball { columns.distances[place(index)] }

  func term(_ index: Int) -> Ball { columns.terms[place(index)] }

  func slope(_ index: Int) -> Ball? { columns.slopes.map { $0[place(index)] } }

  func saturation(_ index: Int) -> Ball? {
    guard columns.slopes != nil else { return nil }
    let doubled = columns.doubled[place(index)]
    return doubled.high < 550 ? nil : doubled
  }
}

/// What options put before a row: see `LogitTransform`.
struct BallTransform {
  let temperature: Ball
  private let scale: Ball
  fileprivate let softcap: Double?
  private let biases: [Double]?

  /// - Returns: nil where the logits stay as they are.
  init?(_ options: LossOptions) {
    guard options.scale != nil || options.softcap != nil || options.logitBias != nil else {
      return nil
    }
    temperature = Ball(options.temperature?.double ?? 1)
    scale = Ball(options.scale?.double ?? 1)
    softcap = options.softcap?.double
    biases = options.logitBias?.map(\.double)
  }

  /// Whether greater numbers make greater logits: without biases of the classes.
  fileprivate var isIncreasing: Bool { biases == nil }

  /// Whether two logits of a row are certainly equal: where nothing but equal numbers goes into them.
  fileprivate func areEqual(_ logits: RowNumbers, _ index: Int, _ other: Int) -> Bool {
    logits[index] == logits[other] && (biases.map { $0[index] == $0[other] } ?? true)
  }

  /// The logits of some classes, and their derivatives by the numbers given.
  fileprivate func apply(
    _ logits: RowNumbers, _ classes: Range<Int>, _ columns: TransformedLogits.Columns
  ) {
    let (start, count, values) = (classes.lowerBound, classes.count, columns.distances)
    if let softcap, let slopes = columns.slopes {
      let cap = Ball(softcap)
      let (doubled, decays) = (columns.doubled, columns.terms)
      for place in 0..<count {
        let scaled = (Ball(logits[start + place]) * scale).magnitude / cap
        (doubled[place], decays[place]) = (scaled + scaled, scaled + scaled)
      }
      decays.exponentiate(count, columns.arguments)
      for place in 0..<count {
        let (twice, decay) = (doubled[place], decays[place])
        values[place] = Self.capped(twice, decay, cap, isNegative: logits[start + place] < 0)
        // tanh′ q = 4t/(1 + t)².
        let sum = decay + Ball(1)
        slopes[place] = twice.isZero ? scale : Ball(4) * decay / sum / sum * scale
      }
    } else {
      for place in 0..<count { values[place] = Ball(logits[start + place]) * scale }
    }
    guard let biases else { return }
    for place in 0..<count { values[place] = values[place] + Ball(biases[start + place]) }
  }

  /// ±c·tanh q with tanh q = (1 − t)/(1 + t), t = e^(−2q).
  private static func capped(_ doubled: Ball, _ decay: Ball, _ cap: Ball, isNegative: Bool) -> Ball
  {
    let lost = PowerSeries.expMinusOne(-doubled) ?? decay - Ball(1)
    let value = cap * lost / (decay + Ball(1))
    return isNegative ? value : -value
  }

  /// The logit that one becomes.
  func value(_ logit: Double, of index: Int) -> Ball {
    var value = Ball(logit) * scale
    if let softcap {
      let quotient = value.magnitude / Ball(softcap)
      let doubled = quotient + quotient
      value = Self.capped(
        doubled, doubled.exponentialOfNegative, Ball(softcap), isNegative: logit < 0)
    }
    return biases.map { value + Ball($0[index]) } ?? value
  }
}
