import Cases
import Checking
import FloatFormats
import Foundation
import Interchange
import LossFunctions
import TestSupport
import Testing

@Suite struct `An audit` {
  private func report(
    _ function: LossFunction, in format: FloatFormat = .float32, rtol: Double, atol: Double,
    _ distribution: Distribution = .normal, scale: Double = 1, rows: Int = 4, classes: Int = 10,
    runs: Int = 3, reduction: Reduction = .none, mistakes: [Mistake]? = nil, threads: Int? = nil
  ) async throws -> AuditReport {
    var audit = try Audit(
      function, in: format, reduction: reduction, closeness: Closeness(rtol: rtol, atol: atol),
      inputs: .drawn(.drawn(from: distribution, scale: scale), classCount: classes),
      rowCount: rows, runCount: runs)
    if let mistakes { audit.mistakes = mistakes }
    return try await audit.run(threadCount: threads)
  }

  private func share(_ report: AuditReport, _ mistake: String) throws -> Double {
    try #require(report.mistakes.first { $0.name == mistake }).passShare
  }

  // MARK: - Reductions

  @Test func `of the mean of one row is that of the row`() async throws {
    let row = try await report(.crossEntropy, rtol: 1e-6, atol: 1e-6, rows: 1)
    let mean = try await report(.crossEntropy, rtol: 1e-6, atol: 1e-6, rows: 1, reduction: .mean)
    #expect((mean.needed.rtol, mean.needed.atol) == (row.needed.rtol, row.needed.atol))
    for mistake in row.mistakes {
      let other = try #require(mean.mistakes.first { $0.name == mistake.name })
      let (its, own) = (other.caughtBelow, mistake.caughtBelow)
      #expect((its.rtol, its.atol) == (own.rtol, own.atol), "\(mistake.name)")
      // Residuals are good to 2⁻¹⁵.
      #expect(((its.ulps ?? 0) - (own.ulps ?? 0)).magnitude <= 0x1p-14, "\(mistake.name)")
    }
  }

  @Test func `of a mean cannot show that every row gives the mean`() async throws {
    let mistakes = Mistakes.all.filter { $0.name == "mean-for-none" }
    for (reduction, isShown) in [(Reduction.none, true), (.mean, false), (.sum, false)] {
      let report = try await report(
        .crossEntropy, rtol: 0, atol: 0, rows: 16, reduction: reduction, mistakes: mistakes)
      #expect(report.mistakes.map(\.isShown) == [isShown], "\(reduction)")
    }
  }

  @Test func `of a mean's gradient has more pass, as its numbers are as many times smaller`()
    async throws
  {
    let rows = 16
    let mistakes = Mistakes.all.filter { $0.name == "sign-flipped" }
    let apart = try await report(
      .crossEntropyGradient, rtol: 0, atol: 0.2, rows: rows, classes: 30, runs: 1,
      mistakes: mistakes)
    let mean = try await report(
      .crossEntropyGradient, rtol: 0, atol: 0.2, rows: rows, classes: 30, runs: 1,
      reduction: .mean, mistakes: mistakes)
    #expect(apart.passing.isEmpty)
    #expect(mean.passing.map(\.name) == ["sign-flipped"])
    let (one, other) = (
      try #require(apart.mistakes.first { $0.name == "sign-flipped" }?.caughtBelow.atol),
      try #require(mean.mistakes.first { $0.name == "sign-flipped" }?.caughtBelow.atol)
    )
    #expect((one / other / Double(rows) - 1).magnitude < 1e-5)
  }

  @Test func `of a reduction asks for a loss`() {
    #expect(throws: AuditError.noLoss(.softmax)) {
      try Audit(
        .softmax, in: .float32, reduction: .mean, closeness: Closeness(rtol: 0, atol: 0),
        inputs: .drawn(Families.random[0], classCount: 3))
    }
  }

  // MARK: - What has been found by others

  /// With `LOSS_ORACLE_CASES=393216` of as many classes.
  @Test func `lets zeros pass for many classes at 1e-2, as KernelBench did for 393,216 (165)`()
    async throws
  {
    let classCount = TestSeed.count(32_768)
    let known = try #require(KnownTolerances.named("kernelbench-2025"))
    #expect(known.closeness(in: .bfloat16) == known.closeness(in: .float32))
    let tolerance = try #require(known.closeness(in: .float32))
    let report = try await report(
      .softmax, rtol: tolerance.rtol, atol: tolerance.atol, .uniform, rows: 1,
      classes: classCount, runs: 1, mistakes: Mistakes.blind.filter { $0.name == "all-zeros" })
    #expect(try share(report, "all-zeros") == 1)
    // The greatest probability: e over the mean of e^x times the number of classes.
    let zeros = try #require(report.mistakes.first { $0.name == "all-zeros" })
    let greatest = try #require(zeros.caughtBelow.atol)
    #expect((greatest * Double(classCount) - 1.58).magnitude < 0.02)
  }

  @Test func `lets anything pass for a softmax at the atol of 1 that Liger's tests had (192)`()
    async throws
  {
    let tolerance = try #require(KnownTolerances.named("liger-swiglu")?.closeness(in: .float32))
    #expect(tolerance == Closeness(rtol: 1e-5, atol: 1))
    let report = try await report(
      .softmax, rtol: tolerance.rtol, atol: tolerance.atol, classes: 100)
    for mistake in report.shown { #expect(mistake.passShare == 1, "\(mistake.name)") }
    #expect(report.shown.count > 5)
  }

  @Test
  func `lets no wrong loss of a few classes pass PyTorch's defaults but those that show late`()
    async throws
  {
    let tolerance = try #require(KnownTolerances.named("pytorch")?.closeness(in: .float32))
    #expect(tolerance == Closeness(rtol: 1.3e-6, atol: 1e-5))
    let report = try await report(.crossEntropy, rtol: tolerance.rtol, atol: tolerance.atol)
    let late: Set<String> = [
      "epsilon-added", "epsilon-in-the-sum", "maximum-added-back", "missing-max-shift",
      "sum-not-rescaled", "logits-capped",
    ]
    let passing = Set(report.passing.map(\.name))
    #expect(passing.contains("epsilon-added") && passing.isSubset(of: late), "\(passing)")
    #expect(report.rightForms.allSatisfy { $0.failedRuns == 0 })
    // No class is masked, so what is lost on masks is not seen.
    #expect(report.hidden.contains { $0.name == "nan-from-mask" })
  }

  @Test func `knows each tolerance by one name and with its source`() {
    let names = KnownTolerances.all.map(\.name)
    #expect(Set(names).count == names.count)
    for known in KnownTolerances.all {
      #expect(known.source.contains("/") && known.source.contains(": "), "\(known.name)")
      #expect(known.closeness(in: .float32) != nil)
      for usage in known.usages {
        #expect(LossFunction(rawValue: usage.function) != nil)
        #expect(usage.rows * usage.classes <= Audit.greatestLogitCount, "\(known.name)")
        for format in usage.formats {
          #expect(known.tolerances.contains { $0.format == format }, "\(known.name), \(format)")
        }
      }
    }
  }

  @Test
  func `tries the mistakes of options that are asked for, beside a right form that takes them`()
    async throws
  {
    for (text, name) in [
      (#"{"temperature": 2}"#, "temperature-left-out"),
      (#"{"label_smoothing": 0.1}"#, "smoothing-over-k-1"),
    ] {
      let audit = try Audit(
        .crossEntropy, in: .float32,
        options: LossOptions(parsing: text, for: .crossEntropy, in: .float32),
        closeness: Closeness(rtol: 1e-4, atol: 1e-6),
        inputs: .drawn(.drawn(from: .normal), classCount: 10), rowCount: 4, runCount: 2)
      let report = try await audit.run()
      #expect(report.shown.contains { $0.name == name }, "\(report.shown.map(\.name))")
      #expect(report.rightForms.map(\.name) == ["float64"])
      #expect(report.rightForms.allSatisfy { $0.failedRuns == 0 && $0.refutedRuns == 0 })
    }
    #expect(throws: AuditError.otherWeights(2, classCount: 10)) {
      _ = try Audit(
        .crossEntropy, in: .float32,
        options: LossOptions(
          parsing: #"{"class_weights": [1, 2]}"#, for: .crossEntropy, in: .float32),
        closeness: Closeness(rtol: 0, atol: 0), inputs: .drawn(.normal, classCount: 10))
    }
  }

  // MARK: - What its numbers mean

  @Test(arguments: [
    (LossFunction.softmax, FloatFormat.float32), (.crossEntropy, .float32),
    (.crossEntropyGradient, .bfloat16), (.binaryCrossEntropy, .float16), (.logSoftmax, .float64),
  ])
  func
    `gives tolerances at which right forms pass and mistakes are caught, and hardly less or more`(
      function: LossFunction, format: FloatFormat
    ) async throws
  {
    func report(atol: Double = 0, _ mistakes: [Mistake]? = nil) async throws -> AuditReport {
      try await self.report(
        function, in: format, rtol: 0, atol: atol, scale: 3, mistakes: mistakes)
    }
    let first = try await report()
    let needed = try #require(first.needed.atol)
    let enough = try await report(atol: needed, [])
    #expect(enough.rightForms.allSatisfy { $0.failedRuns == 0 })
    let tooLittle = try await report(atol: needed * 0.999, [])
    #expect(needed == 0 || tooLittle.rightForms.contains { $0.failedRuns > 0 })
    for name in first.shown.prefix(8).map(\.name) {
      let mistake = try #require(first.mistakes.first { $0.name == name })
      guard let limit = mistake.caughtBelow.atol, limit > 0 else { continue }
      let some = (Mistakes.blind + Mistakes.all).filter { $0.name == name }
      let caught = try await report(atol: limit * 0.999, some)
      #expect(caught.mistakes.first { $0.name == name }?.worst.passedRuns == 0, "\(name)")
      let passing = try await report(atol: limit, some)
      #expect((passing.mistakes.first { $0.name == name }?.worst.passedRuns ?? 0) > 0, "\(name)")
    }
  }

  @Test func `measures what zeros are off by, and code that does not read the logits`() async throws
  {
    let family = Family.drawn(from: .normal)
    let shape = CaseShape(function: .softmax, format: .float64, classCount: 3)
    let report = try await report(
      .softmax, in: .float64, rtol: 0, atol: 0.4, rows: 2, classes: 3, runs: 5,
      mistakes: Mistakes.blind)
    var (greatest, farthest, passed) = ([Double](), [Double](), 0)
    for run in 0..<5 {
      let p = (2 * run..<2 * run + 2).flatMap { index in
        let x = family.input(shape, seed: 1, index: index).logits.map { exp($0.double) }
        return x.map { $0 / x.reduce(0, +) }
      }
      greatest.append(p.max() ?? 0)
      farthest.append(p.map { ($0 - 1.0 / 3).magnitude }.max() ?? 0)
      if greatest[run] <= 0.4 { passed += 1 }
    }
    let zeros = try #require(report.mistakes.first { $0.name == "all-zeros" })
    let flat = try #require(report.mistakes.first { $0.name == "logits-unread" })
    #expect(zeros.worst.passedRuns == passed)
    #expect(((zeros.caughtBelow.atol ?? 0) - (greatest.min() ?? 1)).magnitude < 1e-14)
    #expect(((flat.caughtBelow.atol ?? 0) - (farthest.min() ?? 1)).magnitude < 1e-14)
    #expect(zeros.caughtBelow.rtol == 1)
  }

  @Test func `compares as allclose does: by the expected value, infinities with themselves alone`()
  {
    let report = Closeness(rtol: 0.5, atol: 0)
    #expect(report.allows(1, 2) && !report.allows(2, 1))
    #expect(report.allows(.infinity, .infinity) && !report.allows(.infinity, -.infinity))
    #expect(!report.allows(.infinity, 1) && !report.allows(1, .infinity))
    #expect(!report.allows(.nan, .nan) && !report.allows(.nan, 1))
    #expect(Closeness(rtol: 0, atol: 0).allows(0, -0.0))
  }

  @Test func `is the same on any number of threads`() async throws {
    let some = Array(Mistakes.all.prefix(12))
    let one = try await report(
      .crossEntropy, rtol: 1e-3, atol: 1e-3, runs: 8, mistakes: some, threads: 1)
    let four = try await report(
      .crossEntropy, rtol: 1e-3, atol: 1e-3, runs: 8, mistakes: some, threads: 4)
    #expect(one == four)
  }

  // MARK: - Its inputs

  @Test func `takes rows from a file as they are`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "rows.safetensors").path
    let plan = try FixturePlan(
      function: .softmax, format: .float32, families: [.normal], caseCount: 24, classCount: 5,
      seed: 3)
    try await plan.writeSafetensors(to: path, threadCount: 1) { _, _ in }
    let rows = try FixtureRows(contentsOf: URL(filePath: path))
    func report(_ inputs: Audit.Inputs) async throws -> AuditReport {
      var audit = try Audit(
        .softmax, in: .float32, closeness: Closeness(rtol: 1e-2, atol: 1e-2), inputs: inputs,
        rowCount: 4, runCount: 6, seed: 3)
      audit.mistakes = Array(Mistakes.all.suffix(12))
      return try await audit.run()
    }
    let (read, drawn) = (
      try await report(.file(rows)), try await report(.drawn(.normal, classCount: 5))
    )
    #expect(read.mistakes == drawn.mistakes && read.needed == drawn.needed)
    let all = try Audit(
      .softmax, in: .float32, closeness: Closeness(rtol: 0, atol: 0), inputs: .file(rows))
    #expect(all.rowCount == 24 && all.runCount == 1)
    #expect(throws: AuditError.tooFewRows(24)) {
      _ = try Audit(
        .softmax, in: .float32, closeness: Closeness(rtol: 0, atol: 0), inputs: .file(rows),
        rowCount: 25)
    }
  }

  @Test func `refuses runs that would take gigabytes`() {
    #expect(throws: AuditError.tooLarge(rowCount: 64, classCount: 1 << 20)) {
      _ = try Audit(
        .softmax, in: .float32, closeness: Closeness(rtol: 0, atol: 0),
        inputs: .drawn(.normal, classCount: 1 << 20), rowCount: 64)
    }
  }
}
