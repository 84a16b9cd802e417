import Cases
import FloatFormats
import Foundation
import Interchange
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@Suite struct `The starter set of fixtures` {
  private static let folder = TestPaths.package.appending(path: "Fixtures/cases")

  @Test func `has every function in every format`() throws {
    let folder = Self.folder
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let expected = LossFunction.allCases.flatMap { function in
      FloatFormat.catalogue.map { "\(function).\($0).json" }
    }
    #expect(names.sorted() == expected.sorted())
    let sizes = try names.map { try Data(contentsOf: folder.appending(path: $0)).count }
    #expect(sizes.reduce(0, +) < 6_000_000)
  }

  @Test(arguments: LossFunction.allCases)
  func `is what its commands make, byte for byte`(function: LossFunction) async throws {
    let folder = Self.folder
    for format in FloatFormat.catalogue {
      let committed = try Data(contentsOf: folder.appending(path: "\(function).\(format).json"))
      let plan = try Self.plan(ofHeader: committed)
      #expect(plan.function == function && plan.format == format)
      let isSame = try await plan.json(threadCount: 2) == committed
      #expect(isSame, "\(function).\(format).json differs; tools/generate-fixtures renews it")
    }
  }

  @Test func `has the hardest inputs beside it, as their commands make them`() async throws {
    let folder = TestPaths.package.appending(path: "Fixtures/hardest")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.count == 12)
    for name in names {
      let committed = try Data(contentsOf: folder.appending(path: name))
      let plan = try Self.plan(ofHeader: committed)
      #expect("\(plan.function).\(plan.format).json" == name)
      let isSame = try await plan.json(threadCount: 2) == committed
      #expect(isSame, "\(name) differs; tools/generate-fixtures renews it")
    }
  }

  /// The plan of the command that stands in a file's header.
  private static func plan(ofHeader data: Data) throws -> FixturePlan {
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let words = try #require(object["command"] as? String).split(separator: " ").map(String.init)
    #expect(words.prefix(2) == ["loss-oracle", "generate"])
    var options: [String: [String]] = [:]
    for index in stride(from: 2, to: words.count - 1, by: 2) {
      options[words[index], default: []].append(words[index + 1])
    }
    func option(_ name: String) throws -> String { try #require(options["--\(name)"]?.first) }
    return try FixturePlan(
      function: try #require(LossFunction(rawValue: option("function"))),
      format: try #require(FloatFormat(named: option("format"))),
      families: try #require(options["--family"]).compactMap(Families.named),
      caseCount: try #require(Int(option("count"))),
      // Without classes, of a binary function, any number of them does.
      classCount: Int(options["--classes"]?.first ?? "1") ?? 1,
      seed: try #require(UInt64(option("seed"))))
  }

  @Test(arguments: LossFunction.allCases)
  func `reads back as fixtures whose values the reference gives`(function: LossFunction) throws {
    let folder = Self.folder
    let url = folder.appending(path: "\(function).float32.json")
    let rows = try FixtureRows(contentsOf: url, for: function)
    #expect(rows.count == 66 || rows.count == 63)
    for index in 0..<rows.count {
      let exact = try Reference().evaluate(function, rows[index], in: .float32).map(\.value)
      #expect(try rows.expected(index) == exact)
    }
  }
}
