internal import ArgumentParser
internal import Checking
internal import LossOracle

extension CheckCommand {
  /// Refuses what a check of batches does not take.
  func requireBatches() throws {
    guard let function, function.isOfLosses else {
      throw ValidationError("--reduction is for losses and their gradients: give one of these.")
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
    let output = try CheckOutput(
      verdict, reports.ofPart(contract), command: commandLine, replayed: replayed)
    let subject = try subject(contract)
    var plan = try cases.plan()
    if cases.familyNames.isEmpty {
      plan.families =
        Families.random + Families.sums + (contract.options.softcap == nil ? [] : Families.capped)
    }
    if verdict.replay != nil { plan.families = [] }
    try output.regressions.begin(&plan, contract)
    let check = BatchCheck(subject, named: subjectName, contract, plan)
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
    try output.writeTable(result)
    try output.write(result)
    return (result, wasInterrupted)
  }

  /// Checks one number that was computed elsewhere for all rows of a file, or the gradients of it, or both.
  func runOnBatch(
    _ function: LossFunction, _ fixturesPath: String, _ outputsPath: String
  ) async throws {
    let fixtures = try read(fixturesPath) { url throws(FixtureError) in
      try FixtureRows(
        contentsOf: url, for: function, classAxis: layout.classAxis == .zero ? 0 : nil,
        mayBeEmpty: true)
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
    var contract = try input.contract(fixtures.function, layout, replaying: nil, verdict)
    contract.options = try input.options(of: fixtures, contract)
    contract.isJoint = isJoint
    let batches = try read(fixturesPath) { _ throws(FixtureError) in
      try fixtures.with(contract.options).rows(0..<fixtures.count)
    }
    guard batches.count == 1, let rows = batches.first?.rows else {
      throw ValidationError(
        "\(fixturesPath) has rows of several shapes, which are no batch: name one --family in generate."
      )
    }
    contract.layout = try layout.layout(of: fixtures)
    contract.hasClassesFirst = fixtures.classAxis == 0
    let each = contract.function.outputCount(classCount: rows.classCount)
    let column = try read(outputsPath) { _ throws(FixtureError) in
      try outputs.all(each: each, in: fixtures.layout)
    }
    let output = try CheckOutput(
      verdict, reports.ofPart(contract), command: commandLine, replayed: nil)
    let check = BatchCheck(contract, try cases.plan(), named: subjectName) { _ in
      .outputs(column)
    }
    let result = try await check.run(on: rows, named: "fixtures")
    try output.writeTable(result)
    try output.write(result)
    return result
  }

  private func finish(_ results: [BatchCheckResult], wasInterrupted: Bool) throws {
    if let joint = JointVerdict(results) { try write(joint) }
    try finish(
      results.map { ($0.verdict, $0.leftOutTexts.first) }, wasInterrupted: wasInterrupted)
  }
}
