internal import ArgumentParser
internal import Checking
internal import LossOracle

extension CheckCommand {
  /// Refuses what a check of batches does not take.
  func requireBatches() throws {
    guard let function, function.isOfLosses else {
      throw ValidationError("--reduction is for losses and their gradients: give one of these.")
    }
    guard verdict.replay == nil, verdict.saveWitness == nil, verdict.output == nil else {
      throw ValidationError(
        "Batches are not kept as witnesses, nor written to a folder: leave out --replay, "
          + "--save-witness and --output.")
    }
    guard verdict.reports.isEmpty || verdict.reports == [.json] else {
      throw ValidationError("Of batches there is --report json and no other.")
    }
    if case .roundedFrom? = verdict.claim {
      throw ValidationError(
        "A reduction is claimed to be correctly-rounded, faithful, ulp:N or common.")
    }
  }

  /// Checks the sums or means of batches, or their gradients.
  func runOnBatches() async throws {
    if let function, let fixtures = input.fixtures, let outputs = input.outputs {
      return try await runOnBatch(function, fixtures, outputs)
    }
    var input = input
    input.outputFormat = try input.outputFormat ?? library.parsed.givenOutputFormat
    let contract = try input.contract(function, replaying: nil, verdict)
    let subject = ProgramSubject(
      try programCommand(contract), named: library.names?.library, answering: contract,
      timeout: .seconds(input.timeout), startTimeout: .seconds(input.startTimeout),
      budget: input.budget.map { .seconds($0 / 2) }, asksFirst: library.names == nil)
    var plan = try cases.plan()
    if cases.familyNames.isEmpty {
      plan.families =
        Families.random + Families.sums + (contract.options.softcap == nil ? [] : Families.capped)
    }
    let check = BatchCheck(subject, contract, input.reduction, plan)
    let progress = ProgressLine("checking")
    let (result, wasInterrupted): (BatchCheckResult, Bool)
    do {
      (result, wasInterrupted) = try await Interruption.cancelling(after: input.budget) {
        try await subject.start()
        return try await check.run { progress.update($0, $1) }
      }
    } catch let error as ProgramError {
      progress.finish()
      throw failure(error)
    }
    progress.finish()
    await subject.finish()
    try finish(result, wasInterrupted: wasInterrupted)
  }

  /// Checks one number that was computed elsewhere for all rows of a file, or the gradients of it.
  private func runOnBatch(
    _ function: LossFunction, _ fixturesPath: String, _ outputsPath: String
  ) async throws {
    let fixtures = try read(fixturesPath) { url throws(FixtureError) in
      try FixtureRows(contentsOf: url, for: function)
    }
    let outputs = try read(outputsPath) { url throws(FixtureError) in
      try OutputsFile(contentsOf: url)
    }
    var input = input
    input.format = fixtures.format
    input.outputFormat = input.outputFormat ?? outputs.format
    var contract = try input.contract(function, replaying: nil, verdict)
    contract.options = try input.options(of: fixtures, contract)
    let batches = try read(fixturesPath) { _ throws(FixtureError) in
      try fixtures.rows(0..<fixtures.count)
    }
    guard batches.count == 1, let rows = batches.first?.rows else {
      throw ValidationError(
        "\(fixturesPath) has rows of several shapes, which are no batch: name one --family in generate."
      )
    }
    _ = try input.layout(of: fixtures)
    let column = try read(outputsPath) { _ throws(FixtureError) in
      try outputs.all(each: function.outputCount(classCount: rows.classCount), in: fixtures.layout)
    }
    let check = BatchCheck(contract, input.reduction, try cases.plan()) { _, _ in .outputs(column) }
    try finish(try await check.run(on: rows, named: "fixtures"), wasInterrupted: false)
  }

  private func finish(_ result: BatchCheckResult, wasInterrupted: Bool) throws {
    let style = Style(usesColor: Terminal.usesColor(disabled: verdict.noColor))
    try StandardStream.output.write(
      verdict.reports.isEmpty ? text(result, style) : ReportFormat.jsonText(result.report))
    if wasInterrupted {
      throw StandardStream.failure("interrupted", status: ExitStatus.interrupted)
    }
    switch result.verdict {
    case .passed: return
    case .fellShort: throw ExitCode(ExitStatus.fellShort)
    case .incomplete, .inconclusive:
      let reason = result.stages.flatMap(\.leftOut.keys).sorted().first ?? "it was asked nothing"
      throw StandardStream.failure(
        "\(result.verdict.rawValue): \(reason)", status: ExitStatus.unavailable)
    }
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
      "\(contract.function) in \(contract.format), \(result.reduction.rawValue) of batches, seed "
      + "\(result.seed); claimed: \(contract.claim)"
    var lines = [
      style.heading(subjectName), style.faint(heading), "",
    ]
    lines += table.lines(titleStyle: style.heading)
    lines += result.leftOutTexts.map { style.faint($0) }
    for finding in result.findings { lines += [""] + finding.lines(result) }
    if let denominator = result.denominator { lines += ["", "denominator  \(denominator)"] }
    let isBad = result.verdict != .passed
    lines += ["", isBad ? style.bad(result.verdictText) : result.verdictText]
    return lines.joined(separator: "\n") + "\n"
  }

  private var subjectName: String {
    if let outputs = input.outputs { return outputs }
    return library.names.map { "\($0.library): \($0.symbol)" } ?? command.joined(separator: " ")
  }
}
