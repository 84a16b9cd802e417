internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

/// The failing cases that a check begins with, out of a file, and those that it keeps there.
struct Regressions {
  /// The file's witnesses.
  private(set) var kept: [WitnessRecord]

  /// No witnesses.
  init() { kept = [] }

  /// The witnesses of a file, or of the text of one, which begins with a brace.
  ///
  /// - Throws: Exit status 66 where there is no such file, 65 where it is none of witnesses.
  init(reading text: String) throws {
    do {
      kept =
        text.hasPrefix("{")
        ? try WitnessFile(decoding: Data(text.utf8), path: "the text").witnesses
        : try WitnessFile(contentsOf: URL(filePath: text)).witnesses
    } catch {
      let status = if case .inaccessible = error { ExitStatus.noInput } else { ExitStatus.badData }
      throw StandardStream.failure(error.description, status: status)
    }
  }

  /// Those that a file keeps, where it is to be written and is there already, and those that are replayed.
  ///
  /// - Throws: Where the file cannot be written, or holds something else.
  init(keptIn path: String?, replaying replayed: Regressions? = nil) throws {
    self.init()
    if let path {
      try OutputFolder.prepare(path)
      if FileManager.default.fileExists(atPath: path) { self = try Regressions(reading: path) }
    }
    if let replayed { add(replayed.kept) }
  }

  /// The one contract that the witnesses of a function and a format are of, where these are given.
  ///
  /// - Throws: Exit status 65 where there is none, and a usage error where there are several.
  func contract(
    of function: LossFunction?, in format: FloatFormat?, where isMeant: (CheckContract) -> Bool
  ) throws -> CheckContract {
    let contracts = contracts.filter {
      (function ?? $0.function) == $0.function && (format ?? $0.format) == $0.format && isMeant($0)
    }
    guard let contract = contracts.first else {
      let what = (function.map { " of \($0)" } ?? "") + (format.map { " in \($0)" } ?? "")
      throw StandardStream.failure(
        "the file to replay has no witness\(what)", status: ExitStatus.badData)
    }
    guard contracts.count == 1 else {
      let all = contracts.map {
        "\($0.function) in \($0.format), \($0.optionText)"
          + ($0.reduction == .none ? "" : ", \($0.reduction.rawValue)")
          + ($0.isJoint ? ", loss,gradient" : "")
      }
      throw ValidationError(
        "The file to replay has witnesses of several contracts "
          + "(\(all.sorted().joined(separator: "; "))): name the function and --format.")
    }
    return contract
  }

  /// What the witnesses are about; all were read once.
  private var contracts: Set<CheckContract> { Set(kept.compactMap { try? $0.contract() }) }

  /// The loss and the gradient, of those of a function, of which there are witnesses of calls that give both.
  func jointFunctions(of function: LossFunction?, in format: FloatFormat?) -> [LossFunction] {
    let functions = contracts.filter {
      $0.isJoint && (format ?? $0.format) == $0.format
        && [nil, $0.function, $0.function.loss].contains(function)
    }.map(\.function)
    return LossFunction.allCases.filter(functions.contains)
  }

  /// Puts the witnesses that a contract is about before the cases that a plan begins with.
  func begin(_ plan: inout TrialPlan, _ contract: CheckContract) throws {
    plan.known = try singles(contract).map { try kept[$0].input() } + plan.known
    plan.knownBatches = try batches(contract).compactMap { try kept[$0].batchRows() }
  }

  /// Marks the witnesses that have failed no more, and adds what has been found.
  ///
  /// - Parameter knownCount: The number of single rows that the check began with.
  mutating func add(_ result: some CaseCheck, knownCount: Int) {
    let (singles, batches) = (singles(result.contract), batches(result.contract))
    let places = Array(0..<singles.count) + batches.indices.map { knownCount + $0 }
    for (index, place) in zip(singles + batches, places) {
      guard let hasFailed = result.known[place] else { continue }
      kept[index].fixed = hasFailed ? nil : true
    }
    add(result.witnesses)
  }

  /// Writes the file, where there is anything to keep.
  func write(to path: String) throws {
    guard !kept.isEmpty else { return }
    do {
      try WitnessFile(kept).write(to: URL(filePath: path))
    } catch {
      throw StandardStream.failure(error.description, status: ExitStatus.cannotCreate)
    }
  }

  /// Adds witnesses of other cases.
  mutating func add(_ witnesses: [WitnessRecord]) {
    for witness in witnesses where !kept.contains(where: { $0.isSameCase(as: witness) }) {
      kept.append(witness)
    }
  }

  private func singles(_ contract: CheckContract) -> [Int] {
    kept.indices.filter { kept[$0].batch == nil && kept[$0].isAbout(contract) }
  }

  private func batches(_ contract: CheckContract) -> [Int] {
    kept.indices.filter { kept[$0].batch != nil && kept[$0].isAbout(contract) }
  }
}
