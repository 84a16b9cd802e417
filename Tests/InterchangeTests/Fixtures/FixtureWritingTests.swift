import Cases
import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@testable import Interchange

@Suite struct `Fixtures that are written` {
  @Test func `are the same bytes on any number of threads`() async throws {
    let folder = try TemporaryFolder()
    let plan = try FixturePlan(
      function: .crossEntropyGradient, format: .float64,
      families: FixturePlan.usualFamilies(
        for: .crossEntropyGradient, in: .float64, asTensors: true),
      // Several pieces of rows, and a last one that is not full.
      caseCount: 1700, classCount: 11, seed: 3)
    let names = [1, 2, 5].map { "\($0).safetensors" }
    for (name, count) in zip(names, [1, 2, 5]) {
      try await plan.writeSafetensors(to: folder.path(name), threadCount: count) { _, _ in }
    }
    let files = try names.map { try Data(contentsOf: folder.url.appending(path: $0)) }
    #expect(files[0] == files[1] && files[0] == files[2])

    let small = try FixturePlan(
      function: .crossEntropy, format: .float16, families: Families.random, caseCount: 100,
      classCount: 5, seed: 3)
    let texts = [try await small.json(threadCount: 1), try await small.json(threadCount: 5)]
    #expect(texts[0] == texts[1])
    try await small.writeJSON(to: folder.path("x.json"), threadCount: 3) { _, _ in }
    #expect(try Data(contentsOf: folder.url.appending(path: "x.json")) == texts[0])
    #expect(try folder.names == names + ["x.json"])
  }

  @Test func `are written row for row where the row's number says`() async throws {
    let folder = try TemporaryFolder()
    // Three pieces, of tensors whose rows have 4, 8 and 2 bytes.
    let plan = try FixturePlan(
      function: .crossEntropy, format: .float16, families: [.uniform], caseCount: 9000,
      classCount: 2, seed: 1)
    try await plan.writeSafetensors(to: folder.path("x.safetensors"), threadCount: 2) { _, _ in }
    let rows = try FixtureRows(contentsOf: folder.url.appending(path: "x.safetensors"))
    let shape = CaseShape(function: .crossEntropy, format: .float16, classCount: 2)
    #expect(rows.count == 9000)
    for index in stride(from: 0, to: rows.count, by: 97) {
      let input = Family.uniform.input(shape, seed: 1, index: index)
      #expect(try rows[index] == input)
      #expect(
        try rows.expected(index)
          == Reference().evaluate(.crossEntropy, input, in: .float16).map(\.value))
    }
  }

  @Test func `of rows that no tensor can hold are refused, and leave nothing`() async throws {
    let folder = try TemporaryFolder()
    func write(_ families: [Family], _ format: FloatFormat = .float16) async throws {
      let plan = try FixturePlan(
        function: .crossEntropy, format: format, families: families, caseCount: 4, classCount: 10,
        seed: 1)
      try await plan.writeSafetensors(to: folder.path("x.safetensors"), threadCount: 2) { _, _ in }
    }
    for families in [[.normal, .softTargets], [.normal, .dominantClass]] as [[Family]] {
      let error = await #expect(throws: FixturePlanError.self) { try await write(families) }
      guard case .unlikeOthers(families[1].name, 0, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    let wide = try #require(FloatFormat(named: "e8m10"))
    await #expect(throws: FixturePlanError.noTensorType(wide)) { try await write([.normal], wide) }
    #expect(try folder.names == [])
    try await write([.softTargets])
    #expect(try folder.names == ["x.safetensors"])
  }

  @Test func `are there whole or not at all`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x.safetensors")
    try Data("before".utf8).write(to: URL(filePath: path))
    let plan = try FixturePlan(
      function: .softmax, format: .float64, families: [.normal], caseCount: 1 << 28,
      classCount: 100, seed: 1)
    for write in [plan.writeSafetensors, plan.writeJSON] {
      let (began, signal) = AsyncStream.makeStream(of: Void.self)
      let task = Task {
        defer { signal.finish() }
        _ = try await write(path, 2) { _, _ in signal.yield() }
      }
      for await _ in began { break }
      #expect(try folder.names.count > 1)
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(try folder.names == ["x.safetensors"])
      #expect(try Data(contentsOf: URL(filePath: path)) == Data("before".utf8))
    }
  }

  @Test(arguments: ["/no/such/folder/x.json", "/tmp", "/dev/null", "", "/tmp/.."])
  func `say where they cannot be written`(path: String) async throws {
    let plan = try FixturePlan(
      function: .sigmoid, format: .float16, families: [.normal], caseCount: 1, classCount: 1,
      seed: 1)
    for write in [plan.writeSafetensors, plan.writeJSON] {
      let error = await #expect(throws: FileWriteError.self) {
        _ = try await write(path, 1) { _, _ in }
      }
      guard case .cannotCreate(path, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func `of more bytes than can be counted are refused`() async throws {
    let plan = try FixturePlan(
      function: .softmax, format: .float64, families: [.normal], caseCount: .max, classCount: 100,
      seed: 1)
    await #expect(throws: SafetensorsError.self) {
      try await plan.writeSafetensors(to: "/tmp/x.safetensors", threadCount: 1) { _, _ in }
    }
  }
}
