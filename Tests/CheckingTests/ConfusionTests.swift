import Checking
import FloatFormats
import Foundation
import LossFunctions
import PropertyEngine
import TestSupport
import Testing

// Mistakes made in kernels of each format and with each option. All of these experiments are run by
// `tools/confuse-mistakes`, which has its result in the documentation; this is a slice of them.

@Suite struct `The names of mistakes` {
  private static let all = Experiment.all()

  /// One experiment of each mistake in float32, with nothing asked for but what it takes. Those that `The diagnosis`
  /// has named of plain losses stay away, unless `LOSS_ORACLE_CASES` asks for all.
  private static let ofEach: [Experiment] = {
    var seen = TestSeed.count(0) > 0 ? [] : Set(WrongLoss.all.map(\.mistake))
    return all.filter { experiment in
      guard let mistake = experiment.mistake, experiment.contract.format == .float32 else {
        return false
      }
      return seen.insert(mistake).inserted
    }
  }()

  /// Every other one: the diagnosis is tried on a wrong loss of each. `LOSS_ORACLE_CASES` asks for all.
  @Test(arguments: Array(stride(from: 0, to: ofEach.count, by: TestSeed.count(0) > 0 ? 1 : 2)))
  func `are the right ones`(_ index: Int) async throws {
    let result = try await Self.ofEach[index].result(seed: 1)
    #expect(
      result.names == Self.ofEach[index].mistake.map { [$0] },
      "\(Self.ofEach[index]): \(result.texts)")
  }

  private static let reduced = Experiment.reduced()

  /// One experiment of each mistake that shows in a row by itself, seen through a mean or a sum.
  private static let ofEachReduced: [Experiment] = {
    var seen: Set<String> = []
    return reduced.filter { experiment in
      experiment.mistake.map { seen.insert($0).inserted } ?? false
    }
  }()

  @Test(arguments: Array(stride(from: 0, to: ofEachReduced.count, by: 5)))
  func `are the right ones through a reduction, or none`(_ index: Int) async throws {
    let experiment = Self.ofEachReduced[index]
    let result = try await experiment.result(seed: 1)
    let isRight = result.names.isEmpty || result.names.first == experiment.mistake
    #expect(isRight, "\(experiment): \(result.texts)")
  }

  @Test(arguments: [
    "off-by-one-label", "log2-for-ln", "temperature-left-out", "activation-twice",
  ])
  func `are told through a mean`(_ name: String) async throws {
    let experiment = try #require(
      Self.reduced.first { $0.mistake == name && $0.contract.reduction == .mean })
    let result = try await experiment.result(seed: 1)
    #expect(result.names == [name], "\(experiment): \(result.texts)")
  }

  @Test func `are told through a mean that weights divide`() async throws {
    let name = "log2-for-ln"
    let experiment = try #require(
      Self.reduced.first {
        $0.mistake == name && $0.contract.reduction == .mean
          && $0.contract.options.classWeights != nil
      })
    let result = try await experiment.result(seed: 1)
    #expect(result.names == [name], "\(experiment): \(result.texts)")
  }

  @Test func `are given to no right kernel through a reduction`() async throws {
    let right = Self.reduced.filter { $0.mistake == nil }
    for index in stride(from: 2, to: right.count, by: 23) {
      let result = try await right[index].result(seed: 1)
      #expect(result.names.isEmpty, "\(right[index]): \(result.texts)")
    }
  }

  @Test(arguments: [
    (FloatFormat.bfloat16, FloatFormat.bfloat16), (.bfloat16, .float32), (.float64, .float64),
  ])
  func `are no others in other formats and with other options`(
    _ format: FloatFormat, _ outputFormat: FloatFormat
  ) async throws {
    let some = Self.all.filter {
      $0.mistake != nil && $0.contract.format == format && $0.contract.outputFormat == outputFormat
    }
    for index in stride(from: 5, to: some.count, by: 151) {
      let result = try await some[index].result(seed: 1)
      #expect(![.misnamed, .unnamed].contains(result.outcome), "\(some[index]): \(result.texts)")
    }
  }

  @Test func `are given to no right kernel`() async throws {
    let right = Self.all.filter { $0.mistake == nil }
    for index in stride(from: TestSeed.current == 1 ? 3 : 7, to: right.count, by: 97) {
      let result = try await right[index].result(seed: TestSeed.current)
      #expect(result.names.isEmpty, "\(right[index]): \(result.texts)")
    }
  }

  /// The mistakes that are asked about: `all`, `reduced` for all through reductions, or names.
  private static let asked = ProcessInfo.processInfo.environment["CONFUSION"]?
    .split(separator: " ").map(String.init)

  /// All of them, which takes minutes: `tools/confuse-mistakes`.
  @Test(.enabled(if: asked != nil, "tools/confuse-mistakes sets CONFUSION"))
  func `are the right ones in 98 % of all kernels, and are given to no right one`() async throws {
    var results: [Experiment.Result] = []
    let names = Self.asked ?? []
    let experiments = (names == ["reduced"] ? [] : Self.all) + Self.reduced
    for experiment in experiments
    where names.contains("all") || names == ["reduced"]
      || experiment.mistake.map(names.contains) == true
    {
      let result = try await experiment.result(seed: TestSeed.current)
      results.append(result)
      guard result.outcome != .right, result.outcome != .unnoticed else { continue }
      print("\(result.outcome.rawValue): \(experiment)")
      for text in result.texts { print("    \(text)") }
    }
    let (rows, reduced) = (
      results.filter { $0.experiment.contract.reduction == .none },
      results.filter { $0.experiment.contract.reduction != .none }
    )
    print(confusionTable(rows))
    print("Through means and sums:")
    print(confusionTable(reduced))
    let seen = rows.filter { $0.outcome != .unnoticed }
    let right = seen.count { $0.outcome == .right || $0.outcome == .amongOthers }
    #expect(Double(right) >= 0.98 * Double(seen.count))
    #expect(!results.contains { $0.outcome == .accused })
    #expect(Double(reduced.count { $0.outcome == .misnamed }) <= 0.01 * Double(reduced.count))
  }
}
