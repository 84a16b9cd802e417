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
import Verification

/// Reductions in `Float` of the rows' exact losses.
private struct Reducer: Sendable {
  let options: String
  /// The losses, weights of the rows (0 for ignored ones), and how many rows count.
  let value: @Sendable (_ losses: [Float], _ weights: [Float], _ counted: Int) -> Float

  init(
    options: String = "{}",
    value: @escaping @Sendable (_ losses: [Float], _ weights: [Float], _ counted: Int) -> Float
  ) {
    (self.options, self.value) = (options, value)
  }

  init(
    options: String = "{}",
    value: @escaping @Sendable (_ losses: [Float], _ weights: [Float]) -> Float
  ) {
    self.init(options: options) { losses, weights, _ in value(losses, weights) }
  }

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
      var options = contract.options
      options.denominator = nil
      let losses = try Reference().evaluate(.crossEntropy, rows, options: options, in: .float32)
      let weights = (0..<rows.count).map { row -> Float in
        guard case .index(let label) = rows[row].target else { return 1 }
        guard label != options.ignoreIndex else { return 0 }
        return Float(options.classWeights?[label].double ?? 1)
      }
      let floats = (0..<rows.count).map { Float(losses.values[$0].double) }
      var outputs = NumberColumn(format)
      let counted = rows.labels.count { Int($0) != options.ignoreIndex }
      outputs.append(format.rounded(FloatValue(value(floats, weights, counted)), .nearestEven))
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

  @Test(arguments: Denominator.allCases)
  func `takes the denominator that is said, and names another by its call`(
    _ denominator: Denominator
  ) async throws {
    let options =
      #"{"class_weights": [1, 3, 0], "ignore_index": -100, "denominator": "\#(denominator.rawValue)"}"#
    func reducer(_ own: Denominator) -> Reducer {
      Reducer(options: options) { losses, weights, counted in
        let sum = losses.reduce(0, +)
        return switch own {
        case .weights, .allWeights, .weightsWithZLossByRows: sum / weights.reduce(0, +)
        case .validRows: sum / Float(counted)
        case .rows: sum / Float(losses.count)
        case .nonzeroWeights: sum / Float(weights.count { $0 != 0 })
        case .values: sum / Float(3 * losses.count)
        }
      }
    }
    let right = try await reducer(denominator).result(.mean)
    let findings = right.findings.map { $0.lines(right).joined(separator: "\n") }
    #expect(right.verdict == .passed && right.denominator == nil, "\(findings)")
    let other = denominator == .rows ? Denominator.validRows : .rows
    let wrong = try await reducer(other).result(.mean)
    #expect(wrong.verdict == .fellShort)
    #expect(wrong.denominator?.contains("--denominator \(other.rawValue):") == true)
  }

  @Test func `names the denominator of a gradient`() async throws {
    var contract = try CheckContract(
      .crossEntropyGradient, in: .float32, parsing: Self.weighted, claim: .common)
    contract.reduction = .mean
    let plan = TrialPlan(
      families: [.normal], caseCount: 200, searchCount: 0, classCounts: 3...3, seed: 1)
    let result = try await BatchCheck(contract, plan) { [contract] rows in
      var options = contract.options
      options.denominator = .rows
      return .outputs(
        try Reference().evaluate(
          .crossEntropyGradient, batch: rows, reduction: .mean, options: options, in: .float32
        ).values)
    }.run()
    #expect(result.verdict == .fellShort)
    #expect(result.denominator?.contains("--denominator rows: optax") == true)
  }

  @Test func `names a gradient that is not divided, in spite of its roundings`() async throws {
    var contract = CheckContract(.crossEntropyGradient, in: .float32, claim: .common)
    contract.reduction = .mean
    let plan = TrialPlan(
      families: Families.random.filter { ["normal", "confident"].contains($0.name) },
      caseCount: 200,
      searchCount: 0, classCounts: 2...5, seed: 1)
    let result = try await BatchCheck(contract, plan) { rows in
      var outputs = NumberColumn(.float32)
      for row in 0..<rows.count {
        guard case .index(let label) = rows[row].target else { return .unsupported("labels alone") }
        let logits = rows[row].logits.map { Float($0.double) }
        let terms = logits.map { exp($0 - (logits.max() ?? 0)) }
        let sum = terms.reduce(0, +)
        for (index, term) in terms.enumerated() {
          outputs.append(FloatValue(term / sum - (index == label ? 1 : 0)))
        }
      }
      return .outputs(outputs)
    }.run()
    #expect(result.verdict == .fellShort)
    #expect(result.denominator?.contains("divided by nothing") == true)
  }

  @Test func `says where mistakes of rows have names`() async throws {
    let result = try await Reducer { losses, weights in
      losses.map { $0 + 1 }.reduce(0, +) / weights.reduce(0, +)
    }.result(.mean)
    #expect(result.denominator == nil)
    #expect(result.diagnosisTexts.first?.contains("without a reduction") == true)
  }

  @Test func `names a mistake of rows unless longer batches speak against it`() async throws {
    let logarithmOf2: Float = 0.6931472
    let consistent = try await Reducer { losses, _ in losses.reduce(0, +) / logarithmOf2 }
      .result(.sum, count: 100)
    #expect(consistent.diagnosisTexts.first?.contains("log2-for-ln") == true)
    let other = try await Reducer { losses, _ in
      losses.count == 1 ? losses[0] / logarithmOf2 : 5 * losses.reduce(0, +) + 1
    }.result(.sum, count: 100)
    #expect(!other.findings.isEmpty && other.diagnoses.isEmpty)
  }

  @Test func `is told of in every layout`() async throws {
    let result = try await Reducer { losses, _ in losses.reduce(0, +) }.result(.mean)
    let document = result.document(again: "again") { "replay \($0.batch?.count ?? 0)" }
    for text in [document.markdown, document.junit, document.html()] {
      #expect(text.contains("mean of batches") && text.contains("divided by nothing"))
      #expect(text.contains("normal") && text.contains("inaccurate"))
    }
    #expect(document.markdown.contains("| family | batches | rows | median |"))
    #expect(document.junit.contains("<failure message=\"inaccurate"))
    #expect(document.html().contains("replay 2") || document.html().contains("replay 3"))
    let right = try await Reducer(value: Reducer.mean).result(.mean)
    let passed = right.document(again: "") { _ in "" }
    #expect(passed.markdown.contains("**Passed as common.**") && passed.findings.isEmpty)
    #expect(passed.rows.allSatisfy { $0.statistics.nonFiniteCount == 0 })
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
    let report = try await reducer.result(.mean).data
    #expect(report.verdict == "fell short" && report.reduction == "mean")
    #expect(report.denominator?.contains("by nothing") == true)
    let finding = try #require(report.findings.first)
    #expect(finding.logits.count == finding.labels?.count && finding.exact.count == 1)
    let data = try JSONEncoder().encode(report)
    let read = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    #expect(read?["claim"] as? String == "common" && read?["reduction"] as? String == "mean")
    #expect((read?["findings"] as? [Any])?.count == report.findings.count)
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
    #expect(searched.worst?.stage == "search" && searched.data.worst?.ulps == best)
  }

  @Test func `asks for more rows than 16 bits count`() async throws {
    let counting = Reducer { losses, _ in
      losses.reduce(0, +) / Float(UInt16(truncatingIfNeeded: losses.count))
    }
    let result = try await counting.result(.mean, families: [.fewBits], count: 1000)
    #expect(result.verdict == .fellShort)
    #expect(result.stages.filter { $0.failureCount > 0 }.map(\.name) == ["many-rows"])
    // No line holds all of them, nor are they written down to find that out.
    var asked: [WitnessRecord] = []
    let texts = result.findingTexts {
      asked.append($0)
      return $0.line ?? "FILE"
    }
    #expect(texts.allSatisfy { $0.hasSuffix("  replay   FILE") })
    #expect(!asked.isEmpty && asked.allSatisfy { $0.batch?.count == 1000 })
  }

  @Test func `keeps what failed as a witness, and tries it first`() async throws {
    let reducer = Reducer(options: Self.weighted) { losses, _ in losses.reduce(0, +) }
    let result = try await reducer.result(.mean)
    let witness = result.witness(try #require(result.findings.first))
    let line = try #require(witness.line)
    #expect(line.utf8.count <= 1000 && result.findingTexts { $0.line ?? "" }[0].hasSuffix(line))
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

  /// PyTorch's divergence: of logits whose difference overflows, 0·(−∞ + ∞).
  private static func divergence(_ rows: LossRows) -> Float {
    func logSoftmax(_ x: [Float]) -> [Float] {
      let greatest = x.max() ?? 0
      let sum = x.reduce(Float(0)) { $0 + Float(exp(Double($1 - greatest))) }
      return x.map { $0 - greatest - Float(log(Double(sum))) }
    }
    let losses = (0..<rows.count).map { row in
      let p = logSoftmax(rows[row].logits.map { Float($0.double) })
      let q = logSoftmax((rows[row].target.numbers ?? []).map { Float($0.double) })
      return zip(p, q).reduce(Float(0)) { $0 + Float(exp(Double($1.1))) * ($1.1 - $1.0) }
    }
    return losses.reduce(0, +) / Float(rows.count)
  }

  @Test func `allows by batch what the common form overflows to by row`() async throws {
    var contract = try CheckContract(.klDivergence, in: .float32, parsing: "{}", claim: .common)
    contract.reduction = .mean
    let family = try #require(Families.named("bit-pattern"))
    let plan = TrialPlan(
      families: [family], caseCount: TestSeed.count(400), searchCount: 0, classCounts: 5...8,
      seed: 1)
    let result = try await BatchCheck(contract, plan) { rows in
      .outputs(NumberColumn(.float32, doubles: [Double(Self.divergence(rows))]))
    }.run()
    let findings = result.findings.map { $0.lines(result).joined(separator: "\n") }
    #expect(result.stages.contains { $0.statistics.nonFiniteCount > 0 })
    #expect(result.verdict == .passed, "\(findings)")

    // Where nothing overflows NaN is no common value, and the line of the family is of the batch that fails.
    let normal = TrialPlan(
      families: [.normal], caseCount: 100, searchCount: 0, classCounts: 5...8, seed: 1)
    let wrong = try await BatchCheck(contract, normal) { rows in
      let value = rows.count == 2 ? .nan : Self.divergence(rows)
      return .outputs(NumberColumn(.float32, doubles: [Double(value)]))
    }.run()
    #expect(wrong.verdict == .fellShort)
    let stage = try #require(wrong.stages.first { $0.failureCount > 0 })
    #expect(stage.witness?.hasPrefix("2 rows: gives nan") == true, "\(stage.witness ?? "none")")
    #expect(wrong.gradeFacts.contains { $0.value.contains("the claim allows it") })
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
