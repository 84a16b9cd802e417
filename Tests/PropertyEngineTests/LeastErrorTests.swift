import Cases
import FloatFormats
import LossFunctions
import Reference
import TestSupport
import Testing
import Verification

@testable import PropertyEngine

@Suite struct `What the common form is off by at least` {
  private static let functions: [LossFunction] = [
    .crossEntropy, .logSoftmax, .logSumExp, .softmax, .crossEntropyGradient,
  ]
  private static let formats: [FloatFormat] = [.float32, .float64, .bfloat16, .float16]
  private static let families: [Family] = Families.random + Families.special

  /// Rows of each family, in batches of one shape.
  private static func batches(_ function: LossFunction, _ format: FloatFormat) -> [LossRows] {
    families.filter { $0.greatestClassCount == nil }.flatMap { family -> [LossRows] in
      let shape = CaseShape(function: function, format: format, classCounts: 1...12)
      guard family.suits(shape) else { return [] }
      let count = min(TestSeed.count(8), family.caseCount(shape) ?? .max)
      return family.rows(shape, seed: TestSeed.current, indices: 0..<count).map(\.rows)
    }
  }

  @Test(arguments: functions)
  func `is no more than what it may be off by`(_ function: LossFunction) throws {
    var tightCount = 0
    for format in Self.formats {
      for outputFormat in [format, .float32] {
        let contract = CheckContract(function, in: format, outputFormat: outputFormat)
        let form = CommonForm(function, LossOptions(), computedIn: contract.computingFormat)
        for rows in Self.batches(function, format) {
          // Soft targets have no such bound.
          guard let least = form.leastErrors(of: rows) else { continue }
          let exact = try Reference().evaluate(function, rows, in: outputFormat)
          let errors = form.errors(of: rows, summing: false)
          for (place, error) in errors.enumerated() where exact.values[place].isFinite {
            let row = place / exact.outputsPerRow
            let isTarget =
              exact.outputsPerRow > 1 && rows.targetKind == .index
              && place % exact.outputsPerRow == rows.labels[row]
            let ulp = 1.0.scaled(byPowerOfTwo: Int(exact.ulpExponents[place]))
            let bound =
              (isTarget ? least.target : least.others)
              .error(of: exact.values[place].double, ulp: ulp)
            guard rows.isFinite(row) else { continue }
            #expect(bound <= error, "\(rows[row]) in \(format)")
            if bound > error / 8 { tightCount += 1 }
          }
        }
      }
    }
    #expect(tightCount > 0)
  }

  /// Outputs that are right, off by about what is common, of the wrong sign, none, and 0.
  private func outputs(
    _ rows: LossRows, _ exact: CertifiedRows, _ contract: CheckContract,
    _ choices: inout ChoiceSource
  ) -> NumberColumn {
    let errors = CommonForm(
      contract.function, contract.options, computedIn: contract.computingFormat
    )
    .errors(of: rows, summing: false)
    var column = NumberColumn(exact.format)
    for (place, error) in errors.enumerated() {
      let value = exact.values[place]
      let ulp = 1.0.scaled(byPowerOfTwo: Int(exact.ulpExponents[place]))
      let moved = value.double + Double(choices.integer(in: 1...15)) / 10 * (error + ulp)
      let output =
        switch choices.choice(below: 16) {
        case 0: FloatValue.zero
        case 1: choices.oneIn(8) ? .nan : value.negated
        case 2: choices.oneIn(8) ? .infinity(isNegative: false) : value
        case 3...7: moved.isFinite ? FloatValue(exact.format.nearest(moved)) : value
        default: value
        }
      column.append(output)
    }
    return column
  }

  @Test(arguments: functions)
  func `comes to the same of each row as what it may be off by`(_ function: LossFunction) throws {
    var choices = TestSeed.choices("outputs of \(function)")
    let claims: [Grade] = [.common, .faithful, .roundedFrom(.float64)]
    for (index, format) in Self.formats.enumerated() {
      for (place, rows) in Self.batches(function, format).enumerated() {
        let subnormals: CheckContract.Subnormals? = [nil, .keep, .flush][(index + place) % 3]
        let contract = CheckContract(
          function, in: format, outputFormat: place % 2 == 0 ? format : .float32,
          claim: claims[place % claims.count], subnormals: subnormals)
        let exact = try Reference().evaluate(function, rows, in: contract.outputFormat)
        let answers = RowAnswers(
          outputs(rows, exact, contract, &choices), outputsPerRow: exact.outputsPerRow)
        let all = contract.judgements(of: rows, answers, exact, ranking: true)
        let some = contract.judgements(of: rows, answers, exact, ranking: false)
        #expect(all.failures == some.failures)
        for row in 0..<rows.count {
          // NaN is no NaN's equal.
          let worst = [all, some].map { judgements in
            judgements[row].worst.map { "\($0)".replacing("-nan", with: "nan") }
          }
          #expect(worst[0] == worst[1])
        }
        let placed = PlacedRows(rows, places: Array(0..<rows.count))
        var (first, second) = (TrialReport.Stage(name: "all"), TrialReport.Stage(name: "all"))
        first.observe(all, of: placed)
        second.observe(some, of: placed)
        #expect(first.grades.greatestShare == second.grades.greatestShare)
        #expect(first.grades.greatestNarrowShare == second.grades.greatestNarrowShare)
        #expect(first.grades.flushedCount == second.grades.flushedCount)
        let reached = [first, second].map { $0.grades.reached(contract.claim, isAnswered: true) }
        #expect(reached[0]?.grade == reached[1]?.grade)
        #expect(reached[0]?.obstacle?.witness == reached[1]?.obstacle?.witness)
      }
    }
  }

  /// Of probabilities of some of the least numbers the form may come to 0, though that is more than the least error.
  @Test func `counts the same zeros for values below the normal range`() throws {
    var rows = LossRows(.float32, classCount: 2, targetKind: .none)
    for step in 0..<64 {
      rows.append(LossInput(logits: [FloatValue(0.0), FloatValue(Double(-1600 - step) / 16)]))
    }
    let exact = try Reference().evaluate(.softmax, rows, in: .float32)
    var column = NumberColumn(.float32)
    for row in 0..<rows.count {
      column.append(exact.values[2 * row])
      column.append(FloatValue.zero)
    }
    let answers = RowAnswers(column, outputsPerRow: 2)
    let placed = PlacedRows(rows, places: Array(0..<rows.count))
    let counts = [true, false].map { isRanking in
      var stage = TrialReport.Stage(name: "small")
      let contract = CheckContract(.softmax, in: .float32)
      stage.observe(
        contract.judgements(of: rows, answers, exact, ranking: isRanking), of: placed)
      return stage.grades.flushedCount
    }
    #expect(counts[0] == counts[1] && counts[0] > 0)
  }

  /// Of outputs of 0 for small losses some are near enough to be computed wide, and the worst of the others is shown.
  @Test func `shows the worst row that is no rounding, whether one or all are asked for`() throws {
    let shape = CaseShape(function: .crossEntropy, format: .float32, classCounts: 3...3)
    let seed = TestSeed.current
    for part in 0..<24 {
      let batch = Family.confident.rows(shape, seed: seed, indices: part * 6..<part * 6 + 6)[0]
      let exact = try Reference().evaluate(.crossEntropy, batch.rows, in: .float32)
      let answers = RowAnswers(
        NumberColumn(.float32, repeating: .zero, count: batch.rows.count), outputsPerRow: 1)
      let witnesses = [Grade.common, .roundedFrom(.float64)].map { claim in
        let contract = CheckContract(.crossEntropy, in: .float32, claim: claim)
        var stage = TrialReport.Stage(name: "confident")
        stage.observe(
          contract.judgements(of: batch.rows, answers, exact, ranking: false), of: batch)
        return stage.grades.reached(claim, isAnswered: true)?.obstacle?.witness
      }
      #expect(witnesses[0] == witnesses[1])
    }
  }
}
