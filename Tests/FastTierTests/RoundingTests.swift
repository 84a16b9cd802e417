import FloatFormats
import Reference
import Testing

@Suite struct `The rounding test` {
  /// Numbers of a format and the midpoints between them, and what is on both sides of each.
  private static func values(_ format: FloatFormat) -> [Double] {
    let numbers = (0..<UInt128(1) << 15).map { format.decode($0).double }.filter(\.isFinite)
    let breakpoints = zip(numbers, numbers.dropFirst()).flatMap { [$0, ($0 + $1) / 2] }
    let offsets = [-0x1p-30, -0x1p-44, -0x1p-52, 0, 0x1p-52, 0x1p-44, 0x1p-30]
    let greatest = format.greatestFinite.double
    let unit = Double(
      sign: .plus, exponent: Int(greatest.exponent) + 1 - format.precision, significand: 1)
    let overflows = [greatest, greatest + unit / 2, 2 * greatest]
    let values = (breakpoints + overflows).flatMap { value in
      offsets.map { value + value * $0 }
    }
    return values + values.map { -$0 }
  }

  @Test(
    arguments: [FloatFormat.float16, .bfloat16],
    [RoundingTest.Subject.oneLogit, .row, .softGradient])
  func `of many values is that of each`(format: FloatFormat, subject: RoundingTest.Subject) {
    let test = RoundingTest(format, subject)
    check(Self.values(format) + [.nan, 1], test, format)
  }

  @Test(arguments: 1...15)
  func `of a few values is that of each`(count: Int) {
    let format = FloatFormat.bfloat16
    let values = Self.values(format)
    for start in stride(from: 200_000, to: 200_070, by: 9) {
      check(Array(values[start..<start + count]), RoundingTest(format), format)
    }
  }

  private func check(_ values: [Double], _ test: RoundingTest, _ format: FloatFormat) {
    var rounded = [Float](repeating: 7, count: values.count)
    let undecidedCount = values.withUnsafeBufferPointer { values in
      rounded.withUnsafeMutableBufferPointer { test.round(values, to: format, into: $0) }
    }
    #expect(undecidedCount == rounded.count(where: \.isNaN))
    let different = values.indices.filter { i in
      let alone = test.rounded(values[i]) ?? .nan
      return rounded[i].bitPattern != alone.bitPattern && !(rounded[i].isNaN && alone.isNaN)
    }
    #expect(
      different.isEmpty,
      "\(different.prefix(3).map { (values[$0], rounded[$0], test.rounded(values[$0])) })")
  }
}
