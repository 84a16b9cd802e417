import FastTier
import FloatFormats
import Testing

@Suite struct `The rounding test` {
  /// Numbers of a format and the midpoints between them, and what is on both sides of each.
  private static func values(_ format: FloatFormat) -> [Double] {
    let numbers = (0...UInt128(1) << 15).map { format.decode($0).double }.filter(\.isFinite)
    let breakpoints = zip(numbers, numbers.dropFirst()).flatMap { [$0, ($0 + $1) / 2] }
    let offsets = [-0x1p-30, -0x1p-44, -0x1p-52, 0, 0x1p-52, 0x1p-44, 0x1p-30]
    let values = (breakpoints + [format.greatestFinite.double * (1 + 0x1p-12)]).flatMap { value in
      offsets.map { value + value * $0 }
    }
    return values + values.map { -$0 }
  }

  @Test(arguments: [FloatFormat.float16, .bfloat16], [RoundingTest.Subject.oneLogit, .row])
  func `of many values is that of each`(format: FloatFormat, subject: RoundingTest.Subject) {
    let test = RoundingTest(format, subject)
    let values = Self.values(format) + [.nan, 1]
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
    // The midpoints, and what is beside them.
    #expect(undecidedCount > values.count / 8)
  }
}
