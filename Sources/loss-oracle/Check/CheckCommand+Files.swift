internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

extension CheckCommand {
  /// Checks outputs that were computed elsewhere.
  func runOnFiles(
    _ function: LossFunction, _ fixturesPath: String, _ outputsPath: String
  ) async throws {
    let fixtures = try read(fixturesPath) { url throws(FixtureError) in
      try FixtureRows(
        contentsOf: url, for: function, classAxis: layout.classAxis == .zero ? 0 : nil)
    }
    if let format = input.format, format != fixtures.format {
      throw ValidationError("--format is \(format), and the fixtures are in \(fixtures.format).")
    }
    guard input.input == nil || input.input == fixtures.options.input else {
      throw ValidationError("The fixtures hold \(fixtures.options.input.rawValue).")
    }
    var parts: [(result: CheckResult, wasInterrupted: Bool)] = []
    let tensors = tensors(of: fixtures, outputsPath)
    for (name, fixtures) in tensors where parts.last?.wasInterrupted != true {
      parts.append(
        try await check(fixtures, fixturesPath, outputsPath, name, isJoint: tensors.count > 1))
    }
    let results = parts.map(\.result)
    if let joint = JointVerdict(results) { try write(joint) }
    try finish(
      results.map { ($0.report.verdict, $0.report.shortfall) },
      wasInterrupted: parts.contains(where: \.wasInterrupted))
  }

  /// The tensors of outputs, each with the rows of its function: two, where a file holds a loss and its gradient.
  func tensors(of fixtures: FixtureRows, _ path: String) -> [(name: String, rows: FixtureRows)] {
    guard let gradient = fixtures.ofGradient, OutputsFile.isJoint(URL(filePath: path)) else {
      return [("outputs", fixtures)]
    }
    return [("loss", fixtures), ("gradient", gradient)]
  }

  private func check(
    _ fixtures: FixtureRows, _ fixturesPath: String, _ outputsPath: String, _ name: String,
    isJoint: Bool
  ) async throws -> (result: CheckResult, wasInterrupted: Bool) {
    let outputs = try read(outputsPath) { url throws(FixtureError) in
      try OutputsFile(contentsOf: url, named: name)
    }
    var input = input
    input.format = fixtures.format
    input.outputFormat = input.outputFormat ?? outputs.format
    var contract = try input.contract(fixtures.function, layout, replaying: nil, verdict)
    contract.options = try input.options(of: fixtures, contract)
    contract.layout = try layout.layout(of: fixtures)
    contract.hasClassesFirst = fixtures.classAxis == 0
    contract.isJoint = isJoint
    let output = try CheckOutput(
      verdict, reports.ofPart(contract), command: commandLine, replayed: nil)
    let fileCheck = try read(outputsPath) { _ throws(FixtureError) in
      try FileCheck(contract, named: outputsPath, fixtures: fixtures, outputs: outputs)
    }
    let progress = ProgressLine("checking")
    let (result, wasInterrupted): (CheckResult, Bool)
    do {
      (result, wasInterrupted) = try await Interruption.cancelling {
        try await fileCheck.run { progress.update($0, $1) }
      }
    } catch let error as FixtureError {
      progress.finish()
      throw error.failure(in: fixturesPath)
    }
    progress.finish()
    try output.writeTable(result)
    try output.write(result)
    return (result, wasInterrupted)
  }

  func read<Output>(
    _ path: String, _ body: (URL) throws(FixtureError) -> Output
  ) throws -> Output {
    do {
      return try body(URL(filePath: path))
    } catch {
      throw error.failure(in: path)
    }
  }
}

extension FixtureError {
  /// The error that ends the command.
  func failure(in path: String) -> ExitCode {
    let status = if case .access = self { ExitStatus.noInput } else { ExitStatus.badData }
    return StandardStream.failure("\(path): \(self)", status: status)
  }
}
