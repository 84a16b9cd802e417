internal import FastKernels

/// What a row has for each of its classes, kept for a stretch of them: for all of a short row, and of a long one for some
/// at a time, computed anew where others are asked for. So a row takes O(1) memory.
///
/// The state lies in scratch memory, as what is kept does: to look at a class changes no value.
struct Stretch {
  /// The most classes that are kept.
  static let size = 1024

  let count: Int
  private let start: UnsafeMutablePointer<Int>

  /// How many classes of so many are kept.
  static func capacity(_ count: Int) -> Int { min(count, size) }

  /// The numbers of scratch memory that the state takes, to keep what follows aligned.
  static let scratchCount = 8

  init(_ count: Int, _ scratch: UnsafeMutablePointer<Double>) {
    self.count = count
    start = UnsafeMutableRawPointer(scratch).bindMemory(to: Int.self, capacity: 1)
    start.initialize(to: -1)
  }

  var capacity: Int { Self.capacity(count) }

  /// The place of a class among those that are kept; nil where it is none of them.
  @inline(__always)
  func place(_ index: Int) -> Int? {
    let first = start.pointee
    let place = index &- first
    return first >= 0 && UInt(bitPattern: place) < UInt(bitPattern: capacity) ? place : nil
  }

  /// The same, where `keep` first computes what is to be kept of the classes around it, if it is none of them.
  @inline(__always)
  func place(_ index: Int, keep: (Range<Int>) -> Void) -> Int {
    if let place = place(index) { return place }
    let first = index - index % capacity
    start.pointee = first
    keep(first..<min(first + capacity, count))
    return index - first
  }

  /// All stretches of the row.
  func forEach(_ body: (Range<Int>) -> Bool) -> Bool {
    for first in stride(from: 0, to: count, by: capacity) {
      start.pointee = first
      guard body(first..<min(first + capacity, count)) else { return false }
    }
    return true
  }
}

/// Logits that are doubles, those given or what a scale and biases make of them, and their terms e^((x − m)/T).
///
/// One object, which costs an allocation for a row: a structure would be copied for each term that is asked for.
final class BallTerms {
  /// Those given.
  private let numbers: RowNumbers
  private let transform: ExactDoubleTransform?
  var count: Int { numbers.count }
  /// Where they lie, if they are doubles there.
  private let direct: UnsafePointer<Double>?
  private let temperature: Double
  private let stretch: Stretch
  private let high: UnsafeMutablePointer<Double>
  private let low: UnsafeMutablePointer<Double>
  private let copied: UnsafeMutablePointer<Double>
  /// m.
  let maximum: Double
  let greatest: Int
  /// The number of classes at m.
  private(set) var maximumCount = 0
  /// The sum of the others' terms.
  private(set) var rest = Ball(0)

  /// The numbers of scratch memory that a row of so many classes needs.
  static func scratchCount(_ classCount: Int) -> Int {
    Stretch.scratchCount + 3 * Stretch.capacity(classCount)
  }

  /// - Returns: nil for infinite or NaN logits, a single class, or more classes than a bound was proven for.
  init?(
    _ numbers: RowNumbers, _ transform: ExactDoubleTransform?, temperature: Double,
    _ scratch: UnsafeMutablePointer<Double>
  ) {
    let count = numbers.count
    guard count > 1, Double(count) <= lo_greatestClassCount else { return nil }
    (self.numbers, self.transform, self.temperature) = (numbers, transform, temperature)
    let direct = transform == nil ? numbers.inPlace : nil
    self.direct = direct
    stretch = Stretch(count, scratch)
    let capacity = stretch.capacity
    high = scratch + Stretch.scratchCount
    (low, copied) = (high + capacity, high + 2 * capacity)
    var (greatest, maximum) = (-1, -Double.infinity)
    let room = copied
    let areFinite = stretch.forEach { classes in
      let start = direct.map { $0 + classes.lowerBound } ?? UnsafePointer(room)
      if direct == nil { Self.copy(numbers, transform, classes, to: room) }
      let own = lo_wide_greatest(start, classes.count)
      guard own >= 0 else { return false }
      if greatest < 0 || start[own] > maximum {
        (greatest, maximum) = (classes.lowerBound + own, start[own])
      }
      return true
    }
    guard areFinite else { return nil }
    (self.greatest, self.maximum) = (greatest, maximum)
    var (maximumCount, rest) = (0, Ball(0))
    _ = stretch.forEach { classes in
      let some = sum(classes)
      maximumCount += some.maximumCount
      rest = rest + some.rest
      return true
    }
    (self.maximumCount, self.rest) = (maximumCount, rest)
  }

  /// Keeps a stretch, and sums the terms of its classes but those of the greatest, which are 1, and counted.
  private func sum(_ classes: Range<Int>) -> (maximumCount: Int, rest: Ball) {
    let start = keep(classes)
    var (maximumCount, cutCount) = (0, 0)
    for i in 0..<classes.count where start[i] == maximum {
      maximumCount += 1
      (high[i], low[i]) = (0, 0)
    }
    for i in 0..<classes.count where high[i] < Ball.cut { cutCount += 1 }
    let sum = lo_wide_sum(high, low, classes.count)
    let cutError = 2 * Ball.cut * Double(cutCount - maximumCount)
    // The sum's own bound, and what the quotient by a temperature adds to each term's.
    return (
      maximumCount,
      maximumCount == classes.count ? Ball(0) : Ball(sum, error: sum.high * 0x1p-86 + cutError)
    )
  }

  /// The terms of a stretch; returns its logits.
  @discardableResult
  private func keep(_ classes: Range<Int>) -> UnsafePointer<Double> {
    if direct == nil { Self.copy(numbers, transform, classes, to: copied) }
    let start = direct.map { $0 + classes.lowerBound } ?? UnsafePointer(copied)
    if temperature == 1 {
      lo_wide_exponentials(start, classes.count, maximum, high, low)
    } else {
      lo_wide_tempered_exponentials(start, classes.count, maximum, temperature, high, low)
    }
    return start
  }

  /// Copies the logits of a stretch.
  private static func copy(
    _ numbers: RowNumbers, _ transform: ExactDoubleTransform?, _ classes: Range<Int>,
    to room: UnsafeMutablePointer<Double>
  ) {
    numbers.copy(classes, to: room)
    guard let transform else { return }
    for (place, index) in classes.enumerated() {
      room[place] = transform.applied(to: room[place], of: index)
    }
  }

  /// A logit.
  @inline(__always)
  func logit(_ index: Int) -> Double {
    if let direct { return direct[index] }
    if let place = stretch.place(index) { return copied[place] }
    return transform?.applied(to: numbers[index], of: index) ?? numbers[index]
  }

  /// The term of a class that is not one of the greatest.
  @inline(__always)
  func term(_ index: Int) -> Ball {
    let place = stretch.place(index) { keep($0) }
    return Ball(term: LOPair(high: high[place], low: low[place]))
  }
}
