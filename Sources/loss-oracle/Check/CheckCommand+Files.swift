internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

extension CheckCommand {
  /// Checks outputs that were computed elsewhere.
  func runOnFiles(
    _ function: LossFunction, _ fixturesPath: String, _ outputsPath: String
  ) async throws {
    let output = try CheckOutput(verdict, command: commandLine, replayed: nil)
    let fixtures = try read(fixturesPath) { url throws(FixtureError) in
      try FixtureRows(contentsOf: url, for: function)
    }
    let outputs = try read(outputsPath) { url throws(FixtureError) in
      try OutputsFile(contentsOf: url)
    }
    if let format = input.format, format != fixtures.format {
      throw ValidationError("--format is \(format), and the fixtures are in \(fixtures.format).")
    }
    var input = input
    input.format = fixtures.format
    input.outputFormat = input.outputFormat ?? outputs.format
    var contract = try input.contract(function, replaying: nil, verdict)
    guard input.input == nil || input.input == fixtures.options.input else {
      throw ValidationError("The fixtures hold \(fixtures.options.input.rawValue).")
    }
    contract.options = try input.options(of: fixtures, contract)
    contract.layout = try input.layout(of: fixtures)
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
    try finish(result, output, wasInterrupted: wasInterrupted)
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
