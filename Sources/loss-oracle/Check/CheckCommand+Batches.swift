internal import ArgumentParser
internal import Checking
internal import LossOracle

extension CheckCommand {
  /// Refuses what a check of batches does not take.
  func requireBatches() throws {
    guard let function, function.isOfLosses else {
      throw ValidationError("--reduction is for losses and their gradients: give one of these.")
    }
    guard verdict.output == nil, verdict.reports.isEmpty || verdict.reports == [.json] else {
      throw ValidationError(
        "Of batches there is --report json, on stdout, and no other: leave out --output.")
    }
    if case .roundedFrom? = verdict.claim {
      throw ValidationError(
        "A reduction is claimed to be correctly-rounded, faithful, ulp:N or common.")
    }
  }

  /// Checks the sums or means of batches, or their gradients.
  func runOnBatches(_ contracts: [CheckContract], _ replayed: Regressions?) async throws {
    var parts: [(result: BatchCheckResult, wasInterrupted: Bool)] = []
    for contract in contracts where parts.last?.wasInterrupted != true {
      parts.append(try await check(batchesOf: contract, replayed))
    }
    try finish(parts.map(\.result), wasInterrupted: parts.contains(where: \.wasInterrupted))
  }

  private func check(
    batchesOf contract: CheckContract, _ replayed: Regressions?
  ) async throws -> (result: BatchCheckResult, wasInterrupted: Bool) {
    var regressions = try Regressions(keptIn: verdict.saveWitness, replaying: replayed)
    let subject = try subject(contract)
    var plan = try cases.plan()
    if cases.familyNames.isEmpty {
      plan.families =
        Families.random + Families.sums + (contract.options.softcap == nil ? [] : Families.capped)
    }
    if verdict.replay != nil { plan.families = [] }
    try regressions.begin(&plan, contract)
    let check = BatchCheck(subject, contract, plan)
    let progress = ProgressLine("checking")
    let (result, wasInterrupted): (BatchCheckResult, Bool)
    do {
      (result, wasInterrupted) = try await Interruption.cancelling(after: budget(contract)) {
        try await subject.start()
        return try await check.run { progress.update($0, $1) }
      }
    } catch let error as ProgramError {
      progress.finish()
      throw failure(error)
    }
    progress.finish()
    await subject.finish()
    if let path = verdict.saveWitness {
      regressions.add(result, subject: subjectName)
      try regressions.write(to: path)
    }
    return (result, wasInterrupted)
  }

  /// Checks one number that was computed elsewhere for all rows of a file, or the gradients of it, or both.
  func runOnBatch(
    _ function: LossFunction, _ fixturesPath: String, _ outputsPath: String
  ) async throws {
    let fixtures = try read(fixturesPath) { url throws(FixtureError) in
      try FixtureRows(contentsOf: url, for: function)
    }
    var results: [BatchCheckResult] = []
    let tensors = tensors(of: fixtures, outputsPath)
    for (name, fixtures) in tensors {
      results.append(
        try await check(batch: fixtures, fixturesPath, outputsPath, name, tensors.count > 1))
    }
    try finish(results, wasInterrupted: false)
  }

  private func check(
    batch fixtures: FixtureRows, _ fixturesPath: String, _ outputsPath: String, _ name: String,
    _ isJoint: Bool
  ) async throws -> BatchCheckResult {
    let outputs = try read(outputsPath) { url throws(FixtureError) in
      try OutputsFile(contentsOf: url, named: name)
    }
    var input = input
    input.format = fixtures.format
    input.outputFormat = input.outputFormat ?? outputs.format
    var contract = try input.contract(fixtures.function, replaying: nil, verdict)
    contract.options = try input.options(of: fixtures, contract)
    contract.isJoint = isJoint
    let batches = try read(fixturesPath) { _ throws(FixtureError) in
      try fixtures.rows(0..<fixtures.count)
    }
    guard batches.count == 1, let rows = batches.first?.rows else {
      throw ValidationError(
        "\(fixturesPath) has rows of several shapes, which are no batch: name one --family in generate."
      )
    }
    contract.layout = try input.layout(of: fixtures)
    let each = contract.function.outputCount(classCount: rows.classCount)
    let column = try read(outputsPath) { _ throws(FixtureError) in
      try outputs.all(each: each, in: fixtures.layout)
    }
    let check = BatchCheck(contract, try cases.plan()) { _ in .outputs(column) }
    let result = try await check.run(on: rows, named: "fixtures")
    if let path = verdict.saveWitness {
      var regressions = try Regressions(keptIn: path)
      regressions.add(result, subject: subjectName)
      try regressions.write(to: path)
    }
    return result
  }

  private func finish(_ results: [BatchCheckResult], wasInterrupted: Bool) throws {
    let style = Style(usesColor: Terminal.usesColor(disabled: verdict.noColor))
    for result in results {
      try StandardStream.output.write(
        verdict.reports.isEmpty ? text(result, style) : ReportFormat.jsonText(result.report))
    }
    if let joint = JointVerdict(results) { try write(joint) }
    try finish(
      results.map { ($0.verdict, $0.stages.flatMap(\.leftOut.keys).sorted().first) },
      wasInterrupted: wasInterrupted)
  }

  private func text(_ result: BatchCheckResult, _ style: Style) -> String {
    let contract = result.contract
    var table = TextTable([
      ("family", .left), ("batches", .right), ("rows", .right), ("max ulp", .right),
      ("of common", .right), ("", .left),
    ])
    for stage in result.stages where stage.batchCount > 0 {
      let isBad = stage.failureCount > 0
      table.append([
        .init(text: stage.name), .init(text: "\(stage.batchCount)"),
        .init(text: "\(stage.rowCount)"),
        .init(text: ReportRow.ulps(stage.maximumULPs), style: isBad ? style.bad : { $0 }),
        .init(text: ReportRow.ulps(stage.greatestShare)),
        .init(text: isBad ? "✗ \(stage.failureCount)" : "", style: style.bad),
      ])
    }
    let heading =
      "\(contract.function) in \(contract.format), \(contract.reduction.rawValue) of batches, seed "
      + "\(result.seed); claimed: \(contract.claim)"
    var lines = [
      style.heading(subjectName), style.faint(heading), "",
    ]
    if let inner = contract.layout.inner {
      lines.insert(style.faint("logits [outer, classes, inner], inner up to \(inner)"), at: 2)
    }
    lines += table.lines(titleStyle: style.heading)
    lines += result.leftOutTexts.map { style.faint($0) }
    for finding in result.findings { lines += [""] + finding.lines(result) }
    if let denominator = result.denominator { lines += ["", "denominator  \(denominator)"] }
    if let worst = result.worst, let ulps = worst.ulps, ulps > 0 {
      let count = worst.rows.count == 1 ? "1 row" : "\(worst.rows.count) rows"
      lines += ["", "worst    \(worst.message) (\(count), \(worst.stage))"]
    }
    let isBad = result.verdict != .passed
    lines += ["", isBad ? style.bad(result.verdictText) : result.verdictText]
    return lines.joined(separator: "\n") + "\n"
  }
}
