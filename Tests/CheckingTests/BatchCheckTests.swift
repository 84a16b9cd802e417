import Cases
import Checking
import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import PropertyEngine
import Reference
import TestSupport
import Testing

/// Reductions in `Float` of the rows' exact losses.
private struct Reducer: Sendable {
  var options = "{}"
  /// The losses, weights of the rows (0 for ignored ones), and how many rows there are.
  let value: @Sendable (_ losses: [Float], _ weights: [Float]) -> Float

  static func mean(_ losses: [Float], _ weights: [Float]) -> Float {
    losses.reduce(0, +) / weights.reduce(0, +)
  }

  func contract(
    _ format: FloatFormat = .float32, claim: Grade = .common,
    specialValues: CheckContract.SpecialValues = .apart
  ) throws -> CheckContract {
    try CheckContract(
      .crossEntropy, in: format, parsing: options, claim: claim, specialValues: specialValues)
  }

  func result(
    _ reduction: Reduction, in format: FloatFormat = .float32, families: [Family] = [.normal],
    count: Int = 700, claim: Grade = .common,
    specialValues: CheckContract.SpecialValues = .apart, search: Int = 0
  ) async throws -> BatchCheckResult {
    var contract = try contract(format, claim: claim, specialValues: specialValues)
    contract.reduction = reduction
    let plan = TrialPlan(
      families: families, caseCount: count, searchCount: search, classCounts: 3...3,
      seed: TestSeed.current)
    return try await BatchCheck(contract, plan) { [contract] rows in
      let options = contract.options
      let losses = try Reference().evaluate(.crossEntropy, rows, options: options, in: .float32)
      let weights = (0..<rows.count).map { row -> Float in
        guard case .index(let label) = rows[row].target else { return 1 }
        guard label != options.ignoreIndex else { return 0 }
        return Float(options.classWeights?[label].double ?? 1)
      }
      let floats = (0..<rows.count).map { Float(losses.values[$0].double) }
      var outputs = NumberColumn(format)
      outputs.append(format.rounded(FloatValue(value(floats, weights)), .nearestEven))
      return .outputs(outputs)
    }.run()
  }
}

@Suite struct `A check of batches` {
  private static let weighted = #"{"class_weights": [1, 3, 0.5], "ignore_index": -100}"#

  @Test(arguments: [("{}", Reduction.mean), ("{}", .sum), (weighted, .mean), (weighted, .sum)])
  func `passes means and sums that are right`(
    _ options: String, _ reduction: Reduction
  ) async throws {
    let reducer = Reducer(options: options) {
      reduction == .mean ? Reducer.mean($0, $1) : $0.reduce(0, +)
    }
    let result = try await reducer.result(
      reduction, families: Families.random + Families.sums, count: 150)
    let findings = result.findings.map { $0.lines(result).joined(separator: "\n") }
    #expect(result.verdict == .passed, "\(findings)")
    #expect(result.denominator == nil)
    // 0 over 0 is a convention, and agrees.
    let special = result.stages.reduce(0) { $0 + $1.specialCount }
    #expect(special > 0 || reduction == .sum)
  }

  @Test(arguments: [
    ("over all rows", 1), ("rows that count", 2), ("by nothing", 3), ("the first row's", 4),
  ])
  func `says what a wrong mean is divided by`(_ words: String, _ kind: Int) async throws {
    let reducer = Reducer(options: Self.weighted) { losses, weights in
      let sum = losses.reduce(0, +)
      return switch kind {
      case 1: sum / Float(losses.count)
      case 2: sum / Float(weights.count { $0 != 0 })
      case 3: sum
      default: losses.first ?? 0
      }
    }
    let result = try await reducer.result(.mean)
    #expect(result.verdict == .fellShort)
    #expect(result.denominator?.contains(words) == true, "\(result.denominator ?? "none")")
    // Of one row sum and mean are the same; two rows are enough to tell.
    let finding = try #require(result.findings.first)
    #expect(finding.rows.count <= 2)
  }

  @Test func `finds sums in 16 bits, and sums that overflow where the mean does not`() async throws
  {
    let narrow = Reducer { losses, weights in
      let sum = losses.reduce(Float(0)) { sum, loss in
        Float(FloatFormat.bfloat16.nearest(Double(sum + loss)))
      }
      return sum / weights.reduce(0, +)
    }
    let stalled = try await narrow.result(.mean, in: .bfloat16)
    #expect(stalled.verdict == .fellShort)
    let overflowing = Reducer { losses, weights in
      let sum = losses.reduce(Float(0)) { sum, loss in
        Float(FloatFormat.float16.nearest(Double(sum + loss)))
      }
      return sum / weights.reduce(0, +)
    }
    let infinite = try await overflowing.result(
      .mean, in: .float16, families: [.overflowingSums])
    #expect(infinite.findings.map(\.kind) == ["non-finite"])
    // In float32 the common form's sum is infinite, too, and what claims more must not be.
    let wide = Reducer(value: Reducer.mean)
    let common = try await wide.result(.mean, families: [.overflowingSums])
    #expect(common.verdict == .passed)
    let claimed = try await wide.result(.mean, families: [.overflowingSums], claim: .ulps(4))
    #expect(claimed.verdict == .fellShort)
  }

  @Test func `holds nothing over nothing apart, unless it is to count`() async throws {
    let zero = Reducer(options: #"{"ignore_index": -100}"#) { losses, weights in
      let divisor = weights.reduce(0, +)
      return divisor == 0 ? 0 : losses.reduce(0, +) / divisor
    }
    #expect(try await zero.result(.mean).verdict == .passed)
    let strict = try await zero.result(.mean, specialValues: .strict)
    #expect(strict.verdict == .fellShort)
    #expect(strict.findings.first?.rows.count == 0 || strict.findings.first?.rows.count == 1)
  }

  @Test func `tells in JSON what it found`() async throws {
    let reducer = Reducer { losses, _ in losses.reduce(0, +) }
    let report = try await reducer.result(.mean).report
    #expect(report.verdict == "fell short" && report.reduction == "mean")
    #expect(report.denominator?.contains("by nothing") == true)
    let finding = try #require(report.findings.first)
    #expect(finding.logits.count == finding.labels?.count && finding.exact.count == 1)
    let data = try JSONEncoder().encode(report)
    #expect(try JSONDecoder().decode(BatchReport.self, from: data).claim == "common")
  }

  @Test func `climbs to batches that are further off than those of the families`() async throws {
    // A running sum in 16 bits loses more the longer it is, and in the wrong order.
    let reducer = Reducer { losses, _ in
      losses.reduce(Float(0)) { Float(FloatFormat.bfloat16.nearest(Double($0 + $1))) }
    }
    let families = try await reducer.result(.sum, in: .bfloat16, count: 40, claim: .ulps(1e9))
    let searched = try await reducer.result(
      .sum, in: .bfloat16, count: 40, claim: .ulps(1e9), search: 4000)
    let (first, best) = (try #require(families.worst?.ulps), try #require(searched.worst?.ulps))
    #expect(best > 1.5 * first, "\(best) after \(first)")
    #expect(searched.worst?.stage == "search" && searched.report.worst?.ulps == best)
  }

  @Test func `asks for more rows than 16 bits count`() async throws {
    let counting = Reducer { losses, _ in
      losses.reduce(0, +) / Float(UInt16(truncatingIfNeeded: losses.count))
    }
    let result = try await counting.result(.mean, families: [.fewBits], count: 1000)
    #expect(result.verdict == .fellShort)
    #expect(result.stages.filter { $0.failureCount > 0 }.map(\.name) == ["many-rows"])
  }

  @Test func `keeps what failed as a witness, and tries it first`() async throws {
    let reducer = Reducer(options: Self.weighted) { losses, _ in losses.reduce(0, +) }
    let result = try await reducer.result(.mean)
    let witness = result.witness(try #require(result.findings.first), subject: "sum")
    let data = try JSONEncoder().encode(witness)
    let read = try JSONDecoder().decode(WitnessRecord.self, from: data)
    #expect(read == witness && read.reduction == .mean)
    #expect(try read.contract() == result.contract)
    let rows = try #require(try read.batchRows())
    #expect(rows == result.findings[0].rows)
    var plan = TrialPlan(families: [])
    plan.knownBatches = [rows]
    for (value, hasFailed) in [(Float.nan, true), (Float(0), true)] {
      let again = try await BatchCheck(result.contract, plan) { _ in
        .outputs(NumberColumn(.float32, doubles: [Double(value)]))
      }.run()
      #expect(again.stages.map(\.name) == ["known"] && again.known == [0: hasFailed])
    }
    let right = try await BatchCheck(result.contract, plan) { rows in
      .outputs(
        try Reference().evaluate(
          .crossEntropy, batch: rows, reduction: .mean, options: result.contract.options,
          in: .float32
        ).values)
    }.run()
    #expect(right.verdict == .passed && right.known == [0: false])
  }

  @Test func `keeps batches without rows, too`() throws {
    var contract = try Reducer(value: Reducer.mean).contract()
    contract.reduction = .mean
    let empty = LossRows(.float32, classCount: 3, targetKind: .index)
    let witness = WitnessRecord(
      empty, contract, kind: .crash, message: "", ulps: nil, subject: "", origin: "")
    #expect(try witness.batchRows() == empty)
    #expect(witness.logits.count == 3 && witness.batch == [])
  }
}
