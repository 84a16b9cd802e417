// The names are those of C.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CLossOracle
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import Reference
internal import Verification

@c @implementation
public func lo_value_count(
  _ question: UnsafePointer<lo_question>?, _ rows: UnsafePointer<lo_rows>?,
  _ count: UnsafeMutablePointer<Int>?
) -> lo_status {
  atBoundary { try required(count, "count").pointee = Question(question, rows).valueCount }
}

@c @implementation
public func lo_values(
  _ question: UnsafePointer<lo_question>?, _ rows: UnsafePointer<lo_rows>?,
  _ values: UnsafeMutableRawPointer?, _ count: Int
) -> lo_status {
  atBoundary {
    let question = try Question(question, rows)
    try question.require(count: count)
    guard count > 0 else { return }
    let values = try required(values, "values")
    if let undecided = try question.write(values, rounding: question.rounding) { throw undecided }
  }
}

@c @implementation
public func lo_enclosures(
  _ question: UnsafePointer<lo_question>?, _ rows: UnsafePointer<lo_rows>?,
  _ lower: UnsafeMutableRawPointer?, _ upper: UnsafeMutableRawPointer?, _ count: Int
) -> lo_status {
  atBoundary {
    let question = try Question(question, rows)
    try question.require(count: count)
    guard count > 0 else { return }
    let (lower, upper) = (try required(lower, "lower"), try required(upper, "upper"))
    let below = try question.write(lower, rounding: .down)
    let above = try question.write(upper, rounding: .up)
    if let undecided = below ?? above { throw undecided }
  }
}

@c @implementation
public func lo_ulp_errors(
  _ question: UnsafePointer<lo_question>?, _ rows: UnsafePointer<lo_rows>?,
  _ computed: UnsafeRawPointer?, _ count: Int, _ ulps: UnsafeMutablePointer<Double>?
) -> lo_status {
  atBoundary {
    let question = try Question(question, rows)
    try question.require(count: count)
    guard count > 0 else { return }
    // Each piece reads and writes places of its own.
    nonisolated(unsafe) let computed = try required(computed, "computed")
    nonisolated(unsafe) let errors = UnsafeMutableRawPointer(try required(ulps, "ulps"))
    let format = question.outputFormat
    let undecided = try question.forEachCertified(rounding: .nearestEven) { exact, places in
      let column = NumberColumn(format, decoding: bytes(computed, places, of: format))
      let measured = ErrorColumn(of: column, against: exact)
      for (index, place) in places.enumerated() {
        let isDecided = exact.undecided[index / exact.outputsPerRow] == nil
        // The array may begin anywhere.
        (errors + place * MemoryLayout<Double>.size).storeBytes(
          of: isDecided ? measured.ulps[index] : .nan, as: Double.self)
      }
    }
    if let undecided { throw undecided }
  }
}

@c @implementation
public func lo_ulp_distances(
  _ format: UnsafePointer<CChar>?, _ a: UnsafeRawPointer?, _ b: UnsafeRawPointer?, _ count: Int,
  _ distances: UnsafeMutablePointer<Double>?
) -> lo_status {
  atBoundary {
    let format = try CEntryPoints.format(named: required(text(format), "format"))
    guard count >= 0, !count.multipliedReportingOverflow(by: 16).overflow else {
      throw EntryError.argument("there cannot be \(UInt(bitPattern: count)) numbers")
    }
    guard count > 0 else { return }
    let (a, b) = (try required(a, "a"), try required(b, "b"))
    let distances = UnsafeMutableRawPointer(try required(distances, "distances"))
    for place in 0..<count {
      let (first, second) = (format.order(a, place), format.order(b, place))
      let distance: Double =
        switch (first, second) {
        case (nil, nil): 0
        case (let first?, let second?): Double((first - second).magnitude)
        default: .infinity
        }
      (distances + place * MemoryLayout<Double>.size).storeBytes(of: distance, as: Double.self)
    }
  }
}

extension FloatFormat {
  /// The place of a number among all of the format, both zeros in one; nil for NaN.
  fileprivate func order(_ start: UnsafeRawPointer, _ place: Int) -> Int128? {
    let encoding = bytes(start, place..<place + 1, of: self).reversed().reduce(0 as UInt128) {
      $0 << 8 | UInt128($1)
    }
    let sign: UInt128 = 1 << (bitCount - 1)
    let magnitude = encoding & (sign - 1)
    guard magnitude <= greatestPattern + (specials == .ieee ? 1 : 0) else { return nil }
    return encoding & sign == 0 ? Int128(magnitude) : -Int128(magnitude)
  }
}
