import FloatFormats
import Foundation
import LossFunctions
import Losses
import Reference
import Sweeps
import TestSupport
import Testing
import Verification

@Suite struct `A sweep` {
  private static func plan(
    _ name: String = "stable", _ format: FloatFormat = .bfloat16,
    _ swept: LossFunction = .softplus, shard: Int = 1, of count: Int = 1
  ) throws -> SweepPlan {
    let implementation = try #require(
      Implementations.all.first { $0.function == swept && $0.name == name })
    let function = try #require(SweepSubject(swept, label: nil))
    return try SweepPlan(
      implementation: implementation, subject: function, format: format, shard: shard, of: count)
  }

  @Test(arguments: [
    (FloatFormat.float16, "naive"), (.float16, "faithful"), (.bfloat16, "stable"),
    (.bfloat16, "practical"),
  ])
  func `counts what the reference says of each logit`(format: FloatFormat, name: String)
    async throws
  {
    try await expectReference(of: name, .softplus, format)
  }

  @Test(arguments: [
    ("from-output", LossFunction.sigmoidGradient, FloatFormat.float16),
    ("complement", .logSigmoidGradient, .bfloat16), ("quotient", .softplusGradient, .float16),
  ])
  func `of a gradient is for a factor of 1, and counts what the reference says`(
    name: String, function: LossFunction, format: FloatFormat
  ) async throws {
    try await expectReference(of: name, function, format)
  }

  /// Of the shards of 0, 1 and the like, and of another one by another seed; `LOSS_ORACLE_CASES` asks for all.
  private func expectReference(
    of name: String, _ function: LossFunction, _ format: FloatFormat
  ) async throws {
    let shards =
      TestSeed.count(0) > 0 ? Array(1...16) : [1, 4, 12, 1 + Int(TestSeed.current % 16)]
    for shard in Set(shards) {
      try await expectReference(
        of: Self.plan(name, format, function, shard: shard, of: 16), function, format)
    }
  }

  private func expectReference(
    of plan: SweepPlan, _ function: LossFunction, _ format: FloatFormat
  ) async throws {
    let tally = try await completed(plan).tally
    var expected = ErrorTally()
    let bits = plan.blocks.lowerBound * plan.blockSize..<plan.blocks.upperBound * plan.blockSize
    let gradOutput: [FloatValue] = function.gradOutputKind == .none ? [] : [.one]
    let inputs = bits.map { format.decode(UInt128($0)) }.filter(\.isFinite).map {
      LossInput(logits: [$0], gradOutput: gradOutput)
    }
    let exact = try Reference(usesFastTier: false).evaluate(
      function, inputs.batches(in: format)[0].rows, in: format)
    for (row, input) in inputs.enumerated() {
      let computed = try #require(plan.implementation.evaluate(input, in: format))
      expected.observe(index: row, input, computed: computed, exact: try exact.row(row))
    }
    #expect(tally.finiteLogits == UInt64(expected.caseCount))
    #expect(tally.misrounded == UInt64(expected.misroundedCount))
    #expect(tally.nonFinite == UInt64(expected.nonFiniteCount))
    #expect(tally.wrongSigns == UInt64(expected.wrongSignCount))
    #expect(tally.finiteLogits + tally.specialLogits == bits.count)
    #expect((tally.worst == nil) == (expected.worst == nil))
    // Of errors as good as equal another one may be the witness.
    #expect(abs((tally.worst?.ulps ?? 0) - (expected.worst?.ulps ?? 0)) < 0x1p-20)
  }

  @Test(arguments: [1, 3]) func `does not depend on threads`(count: Int) async throws {
    let plan = try Self.plan()
    let bytes = try await completed(plan, threadCount: count).encoded()
    #expect(try await completed(plan).encoded() == bytes)
  }

  @Test func `adds shards up to the bytes of the whole, in any grouping`() async throws {
    let whole = try await completed(try Self.plan()).encoded()
    var shards: [(path: String, certificate: SweepCertificate)] = []
    for shard in 1...3 {
      shards.append(("\(shard)", try await completed(try Self.plan(shard: shard, of: 3))))
    }
    #expect(try SweepCertificate.merged(shards.reversed())?.encoded() == whole)
    let pair = try #require(try SweepCertificate.merged(Array(shards[1...])))
    #expect(try SweepCertificate.merged([("pair", pair), shards[0]])?.encoded() == whole)
    #expect(throws: SweepFileError.self) {
      try SweepCertificate.merged([shards[0], shards[2]])
    }
    #expect(throws: SweepFileError.self) {
      try SweepCertificate.merged([shards[0], shards[0]])
    }
  }

  @Test func `goes on where it was cancelled, with nothing lost or counted twice`() async throws {
    let plan = try Self.plan()
    let whole = try await completed(plan).encoded()
    let path = unusedPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let sweep = Sweep(plan, threadCount: 2, checkpointInterval: .zero)
    var partCount = 0
    while true {
      let state = try sweep.state(resuming: path)
      if state.isComplete { break }
      let task = Task {
        try await sweep.run(from: state, checkpoint: path) { _, _ in
          withUnsafeCurrentTask { $0?.cancel() }
        }
      }
      _ = try await task.value
      partCount += 1
    }
    #expect(partCount > 1)
    #expect(try Data(contentsOf: URL(filePath: path)) == whole)
  }

  @Test(arguments: [
    ("finite_logits", "18446744073709551615"), ("finite_logits", "63489"), ("done", "0"),
    ("done", "32768"), ("special_differences", "2049"), ("decided_by_mpfr", "65537"),
    ("wrong_signs", "18446744073709551615"), ("non_finite", "1"), ("misrounded", "0"),
    ("ulps", "-1"), ("logit", "\"0x1p+999999999\""), ("domain", "18446744073709551615"),
  ])
  func `refuses a file that contradicts itself, whoever has sealed it`(
    name: String, value: String
  ) async throws {
    let text = String(decoding: try await completed(Self.plan()).encoded(), as: UTF8.self)
    #expect(try Self.sealed(text) == text)
    let pattern = try Regex("\"\(name)\" : [^,\n]*")
    let forged = try Self.sealed(text.replacing(pattern, with: "\"\(name)\" : \(value)"))
    #expect(forged != text)
    #expect(throws: SweepFileError.self) {
      try SweepCertificate(decoding: Data(forged.utf8), path: "forged")
    }
  }

  /// The file with the checksum that its other entries ask for.
  private static func sealed(_ text: String) throws -> String {
    let pattern = try Regex("\"checksum\" : \"[^\"]*\"")
    let open = text.replacing(pattern, with: "\"checksum\" : \"\"")
    let hash = open.dropLast().utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    let digits = String(format: "%016llx", hash)
    return open.replacing("\"checksum\" : \"\"", with: "\"checksum\" : \"\(digits)\"")
  }

  @Test func `refuses a damaged file and one of another sweep`() async throws {
    let plan = try Self.plan()
    let data = try await completed(plan).encoded()
    let text = String(decoding: data, as: UTF8.self)
    let damaged = text.replacing("\"misrounded\" : ", with: "\"misrounded\" : 1")
    #expect(damaged != text)
    #expect(throws: SweepFileError.self) {
      try SweepCertificate(decoding: Data(damaged.utf8), path: "damaged")
    }
    let path = unusedPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try data.write(to: URL(filePath: path))
    let other = Sweep(try Self.plan("naive"), threadCount: 1)
    #expect(throws: SweepFileError.self) { try other.state(resuming: path) }
  }
}
