import Cases
import FloatFormats
import LossFunctions
import Losses
import Multiprecision
import TestSupport
import Testing

@Suite struct `Batches of rows` {
  static let formats: [FloatFormat] = [.float16, .bfloat16, .float32, .float64]

  private static let specials: [FloatValue] = [
    .nan, .infinity, .infinity(isNegative: true), .zero,
  ]

  /// Rows that a function takes: random, with specials, ties and soft targets among them.
  private static func rows(
    _ function: LossFunction, _ format: FloatFormat, _ choices: inout ChoiceSource
  ) -> [LossRows] {
    return function.targetKinds.flatMap { kind in
      (function.isBinary ? [1] : [1, 2, 5]).map { classCount in
        var rows = LossRows(format, classCount: classCount, targetKind: kind)
        for _ in 0..<12 {
          let logits = (0..<classCount).map { _ in
            choices.integer(in: 0...15) == 0
              ? specials[choices.integer(in: 0...3)] : choices.normalValue(of: format, scale: 8)
          }
          let target: Target =
            switch kind {
            case .none: .none
            case .index: .index(choices.integer(in: 0...classCount - 1))
            case .probabilities:
              .probabilities(
                logits.map { _ in format.rounded(FloatValue(choices.unitInterval()), .nearestEven) }
              )
            case .logits: .logits(logits.map { _ in choices.normalValue(of: format, scale: 8) })
            }
          rows.append(LossInput(logits: logits, target: target))
        }
        return rows
      }
    }
  }

  private static func bits(_ values: some Sequence<Double>) -> [UInt64] {
    values.map { $0.isNaN ? 1 : $0.bitPattern }
  }

  @Test(arguments: formats)
  func `have the same values with bounds as without, and as their rows one by one`(
    format: FloatFormat
  ) throws {
    var choices = TestSeed.choices("batches \(format)")
    var count = 0
    for form in Implementations.all {
      for rows in Self.rows(form.function, format, &choices) {
        guard let plain = form.evaluate(rows, withBounds: false) else { continue }
        let bounded = try #require(form.evaluate(rows, withBounds: true))
        let context = "\(form.function) \(form.name) \(rows.classCount) \(rows.targetKind)"
        let values = Self.bits(plain.values.doubles)
        #expect(values == Self.bits(bounded.values.doubles), "\(context)")
        #expect(plain.bounds == nil)
        #expect(bounded.bounds.map { $0.count == values.count } ?? true, "\(context)")
        let alone = try (0..<rows.count).map { row in
          try (
            #require(form.evaluate(rows[row], in: format)),
            form.errorBounds(rows[row], in: format)
          )
        }
        #expect(values == Self.bits(alone.flatMap { $0.0.map(\.double) }), "\(context)")
        if let bounds = bounded.bounds {
          #expect(bounds == alone.flatMap { $0.1 ?? [] }, "\(context)")
          count += 1
        }
      }
    }
    #expect(count > 100)
  }

  @Test func `of no rows have no outputs`() throws {
    let rows = LossRows(.float32, classCount: 3, targetKind: .index)
    for form in Implementations.all where form.function == .crossEntropy {
      let computed = form.evaluate(rows, withBounds: true)
      #expect(form is Float32Accumulation || computed?.values.count == 0, "\(form.name)")
    }
  }
}
