import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@Suite struct `A loss in shards` {
  private static let masked = FloatValue.infinity(isNegative: true)

  private func partials(
    _ logits: [FloatValue], _ label: Int, in format: FloatFormat = .float64,
    _ direction: RoundingDirection = .nearestEven
  ) throws -> [FloatValue] {
    let input = LossInput(logits: logits, target: .index(label))
    return try Reference().evaluate(.shardPartials, input, in: format, rounding: direction)
      .map(\.value)
  }

  private func merged(
    _ shards: [(Double, Double, Double)], in format: FloatFormat = .float64,
    _ direction: RoundingDirection = .nearestEven
  ) throws -> FloatValue {
    let input = LossInput(
      logits: shards.map { FloatValue($0.0) },
      gradOutput: shards.map { FloatValue($0.1) } + shards.map { FloatValue($0.2) })
    return try Reference().evaluate(.mergedCrossEntropy, input, in: format, rounding: direction)[0]
      .value
  }

  private static let inf = Double.infinity

  /// The digits are mpmath's, of 400 bits.
  @Test func `has the maximum, the sum and the target's logit of a shard`() throws {
    #expect(
      try partials([1, 0.5, -3].map { FloatValue($0) }, 2).map(\.double) == [
        1, 0x1.9ff5ed5184ff9p+0, -3,
      ])
    #expect(
      try partials([2, 2, 1.5].map { FloatValue($0) }, 0).map(\.double) == [
        2, 0x1.4da2cbf1be582p+1, 2,
      ])
    #expect(
      try partials([0, -40].map { FloatValue($0) }, 1, .up).map(\.double) == [0, 1 + 0x1p-52, -40])
    #expect(try partials([0, -1e300].map { FloatValue($0) }, 0, .up)[1].double == (1.0).nextUp)
    #expect(try partials([0, -1e300].map { FloatValue($0) }, 0, .down)[1] == .one)
  }

  @Test func `of which the target is elsewhere, or all is masked, has −∞ and no term`() throws {
    #expect(try partials([.one, .zero], -1)[2] == Self.masked)
    #expect(try partials([Self.masked, Self.masked], 1) == [Self.masked, .zero, Self.masked])
    #expect(try partials([Self.masked, .one, .one], 0) == [.one, FloatValue(2.0), Self.masked])
    #expect(try partials([.infinity, .zero], 1) == [.infinity, .one, .zero])
    #expect(try partials([.nan, .zero], 1)[0].isNaN && partials([.nan, .zero], 1)[2] == .zero)
    for label in [-2, 2] {
      #expect(throws: ReferenceError.self) { try partials([.one, .zero], label) }
    }
    let soft = LossInput(logits: [.one], target: .probabilities([.one]))
    #expect(throws: ReferenceError.invalidInput(.targetNotIndex)) {
      try Reference().evaluate(.shardPartials, soft, in: .float32)
    }
  }

  @Test func `is merged to the digits of the whole`() throws {
    #expect(try merged([(1, 1.5, -Self.inf), (3, 2.25, 0.5)]).double == 0x1.b2db26a7a84c4p+1)
    #expect(try merged([(0, 1, 0), (-60, 1.25, -Self.inf)]).double == 0x1.b199f613fae71p-87)
    #expect(try merged([(0, 0.75, -0.25), (-2, 2, -Self.inf)]).double == 0x1.14f36be8a9ba7p-2)
    #expect(
      try merged([(0, 1 - 0x1p-30, 0), (-21, 1, -Self.inf)]).double == -0x1.7c93cbc92076cp-33)
  }

  /// A shard of one class has the logit, 1 and the logit: what they are merged to is the cross-entropy itself.
  @Test(arguments: [FloatFormat.float16, .bfloat16, .float32, .float64])
  func `of one class each is merged to the cross-entropy, bit for bit`(_ format: FloatFormat) throws
  {
    var choices = TestSeed.choices("shards \(format.name)")
    for round in 0..<TestSeed.count(60) {
      let count = 1 + round % 7
      let scale = [0.5, 4, 60, 0x1p-10][round % 4]
      let logits = (0..<count).map { _ in choices.normalValue(of: format, scale: scale) }
      let label = round % count
      let absent = logits.indices.map { $0 == label ? logits[label] : Self.masked }
      let ones = [FloatValue](repeating: .one, count: count)
      let shards = LossInput(logits: logits, gradOutput: ones + absent)
      let whole = LossInput(logits: logits, target: .index(label))
      for direction in RoundingDirection.allCases {
        let merged = try Reference().evaluate(
          .mergedCrossEntropy, shards, in: format, rounding: direction)
        let exact = try Reference().evaluate(
          .crossEntropy, whole, in: format, rounding: direction)
        #expect(merged.map(\.value) == exact.map(\.value), "\(logits.map(\.hexadecimal))")
        #expect(merged[0].ground == exact[0].ground)
      }
    }
  }

  @Test
  func `is exact where it is rational, and decided where no precision brings the rest together`()
    throws
  {
    #expect(try merged([(2, 0.25, 1.5), (2, 0.75, -Self.inf)]).double == 0.5)
    let far = -1e300
    #expect(try merged([(0, 1, 0), (far, 1, -Self.inf)], .up).double == 0x1p-1074)
    #expect(try merged([(0, 1, -1), (far, 1, -Self.inf)], .up).double == (1.0).nextUp)
    #expect(try merged([(0, 1, -1), (far, 1, -Self.inf)]) == .one)
    // A shard whose sum is 0 counts nothing, whatever its maximum.
    #expect(try merged([(2, 1, 1.5), (9, 0, -Self.inf)]).double == 0.5)
    #expect(try merged([(2, 1, 1.5), (-Self.inf, 0, -Self.inf)]).double == 0.5)
  }

  @Test func `has the limits that it has, and else none`() throws {
    #expect(try merged([(1, 1, -Self.inf)]) == .infinity)
    #expect(try merged([(-Self.inf, 0, -Self.inf)]).isNaN)
    #expect(try merged([(-Self.inf, 0, 1)]) == Self.masked)
    #expect(try merged([(Self.inf, 1, 1)]) == .infinity)
    #expect(try merged([(Self.inf, 1, Self.inf)]).isNaN)
    #expect(try merged([(1, Self.inf, 1)]) == .infinity)
    #expect(try merged([(1, .nan, 1)]).isNaN)
    #expect(throws: ReferenceError.self) { try merged([(1, -1, 1)]) }
    var rows = LossRows(.float32, classCount: 1, targetKind: .none, gradOutputCount: 2)
    for sum in [1.0, -1] {
      rows.append(LossInput(logits: [.one], gradOutput: [FloatValue(sum), .one]))
    }
    #expect(throws: ReferenceError.self) {
      try Reference().evaluate(.mergedCrossEntropy, rows, in: .float32)
    }
  }
}
