import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@Suite struct `Approximations for two numbers` {
  /// The numbers from some before to some behind one.
  private static func neighbours(of number: Double, _ format: FloatFormat) throws -> [Float] {
    let place = try #require(format.encode(format.rounded(FloatValue(number), .nearestEven)))
    return (0..<64).map { Float(format.decode(place - 32 + $0).double) }
  }

  /// The largest relative error, and how many are left open.
  private static func worst(
    _ function: LossFunction,
    _ first: Float, near second: Double, output: Int = 0, sign: Double = 1,
    _ input: (Float, Float) -> LossInput,
    _ approximate: (UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Double>) -> Void
  ) throws -> (error: Double, openCount: Int) {
    let lasts = try neighbours(of: second, .float16)
    var values = [Double](repeating: 0, count: lasts.count)
    lasts.withUnsafeBufferPointer { lasts in
      values.withUnsafeMutableBufferPointer { approximate(lasts, $0) }
    }
    let rows = lasts.map { input(first, $0) }.batches(in: .float16)[0].rows
    let exact = try Reference(usesFastTier: false).evaluate(
      function, rows, in: .float64)
    var (error, openCount) = (0.0, 0)
    for (i, value) in values.enumerated() {
      if value.isNaN { openCount += 1; continue }
      let truth = try exact.row(i)[output].value.double * sign
      error = max(error, ((value - truth) / truth).magnitude)
    }
    return (error, openCount)
  }

  /// About log(1 − e^x) for a first logit x, where the log-sum-exp has a zero.
  @Test(arguments: [-0.40625, -0.0625, -0.3])
  func `are within their bound, and left where a log-sum-exp cancels`(first: Double) throws {
    let tier = PairTier(try #require(PairFunction(.logSumExp)))
    let root = log(-expm1(first))
    let found = try Self.worst(.logSumExp, Float(first), near: root, tier.input) {
      tier.approximate(Float(first), $0, column: 0, into: $1)
    }
    #expect(found.error <= 0x1.18p-40)
    #expect((1..<64).contains(found.openCount))
  }

  @Test(arguments: [LossFunction.softmax, .logSoftmax, .entropy], [-0x1p-10, 12.5])
  func `are within the bound of rows`(function: LossFunction, second: Double) throws {
    let pair = try #require(PairFunction(function))
    let tier = PairTier(pair)
    for (output, value) in pair.outputs.enumerated() {
      let found = try Self.worst(
        function, 0.375, near: second, output: output, sign: Double(value.sign), tier.input
      ) { tier.approximate(0.375, $0, column: value.column, into: $1) }
      #expect(found.error <= 0x1.cbp-47 && found.openCount == 0)
    }
  }
}
