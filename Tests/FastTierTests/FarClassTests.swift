import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@testable import Reference

@Suite struct `Classes far from the greatest` {
  /// Classes that lead both rows by a few of the least numbers, or by nothing, beside such as add about as much: what
  /// leads hangs on both, and is as near to a tie as before.
  @Test(
    arguments: [LossFunction.klDivergenceGradient, .jsDivergenceGradient],
    [RoundingDirection.nearestEven, .up])
  func `of classes that are all but equal beside far ones need no MPFR`(
    _ function: LossFunction, _ direction: RoundingDirection
  ) throws {
    var choices = TestSeed.choices("leading classes \(function)")
    let inputs = (0..<TestSeed.count(40)).map { index in
      let isFar = (0..<6).map { _ in choices.oneIn(2) }
      func row() -> [FloatValue] {
        isFar.enumerated().map { place, isFar in
          let few = Double(choices.integer(in: 0...4)) * 0x1p-1074
          guard isFar, place > 0 else { return FloatValue(index % 3 == 0 ? 0 : -few) }
          let edge = [-501.0, -600, -700, -744, -760, -3000][choices.integer(in: 0...5)]
          return FloatValue(
            edge - Double(choices.integer(in: 0...4)) * (index % 2 == 0 ? 0.25 : 0x1p-42))
        }
      }
      return LossInput(logits: row(), target: .logits(row()))
    }
    let rows = inputs.batches(in: .float64)[0].rows
    let (fast, _) = try valuesOfBoth(function, rows, in: .float64, rounding: direction)
    #expect(fast.slowRowCount <= rows.count / 5, "\(fast.slowRowCount)")
  }

  /// Beyond all exponentials a distance, or the bound of it, is greater than what the exponential leaves.
  @Test(arguments: [LossFunction.jsDivergence, .jsDivergenceGradient])
  func `of distances beyond all exponentials need no MPFR`(_ function: LossFunction) throws {
    var choices = TestSeed.choices("far classes \(function)")
    let inputs = (0..<TestSeed.count(32)).map { index in
      let scale = [0x1p1000, 0x1p300, 0x1p12, 0x1p80][index % 4]
      func row() -> [FloatValue] {
        (0..<5).map { place in
          let isFar = place > 1 && choices.integer(in: 0...2) > 0
          return FloatValue(isFar ? -scale * (1 + choices.unitInterval()) : choices.unitInterval())
        }
      }
      return LossInput(logits: row(), target: .logits(row()))
    }
    let rows = inputs.batches(in: .float64)[0].rows
    let (fast, _) = try valuesOfBoth(function, rows, in: .float64)
    #expect(fast.slowRowCount <= rows.count / 8, "\(fast.slowRowCount)")
  }

  /// What one greatest logit has beside it, where the kernels cut the exponentials of all others.
  @Test(
    arguments: [
      LossFunction.logSumExp, .logSoftmax, .crossEntropy, .crossEntropyGradient, .entropy,
    ], [RoundingDirection.nearestEven, .down])
  func `leave values that need no MPFR`(
    _ function: LossFunction, _ direction: RoundingDirection
  ) throws {
    var choices = TestSeed.choices("far sums \(function)")
    let inputs = (0..<TestSeed.count(40)).map { index in
      let edges = [[501.0, 560, 600], [600, 700, 735], [730, 745, 760], [790, 1e4, 0x1p1000]]
      let logits = (0..<5).map { place in
        let edge = edges[index % 4][choices.integer(in: 0...2)]
        return FloatValue(place == 2 ? 0 : -edge * (1 + choices.unitInterval() * 0x1p-6))
      }
      return LossInput(logits: logits, target: function.hasTarget ? .index(2) : .none)
    }
    let rows = inputs.batches(in: .float64)[0].rows
    let (fast, _) = try valuesOfBoth(function, rows, in: .float64, rounding: direction)
    #expect(fast.slowRowCount == 0)
  }
}

/// The values by the fast tier and by MPFR alone, which are the same.
func valuesOfBoth(
  _ function: LossFunction, _ rows: LossRows, in format: FloatFormat,
  rounding direction: RoundingDirection = .nearestEven
) throws -> (fast: CertifiedRows, exact: CertifiedRows) {
  let fast = try Reference().evaluate(function, rows, in: format, rounding: direction)
  let exact = try Reference(usesFastTier: false).evaluate(
    function, rows, in: format, rounding: direction)
  for place in 0..<rows.count * fast.outputsPerRow {
    let (a, b) = (fast[place], exact[place])
    let row = rows[place / fast.outputsPerRow]
    #expect(
      a.value == b.value && a.ulpExponent == b.ulpExponent
        && abs(fast.residuals[place] - exact.residuals[place]) < 0x1p-15,
      "\(rows.format) \(row.logits.map(\.hexadecimal)) \(row.target), output \(place)")
  }
  return (fast, exact)
}
