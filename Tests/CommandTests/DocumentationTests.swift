import Foundation
import TestSupport
import Testing

/// The pages and tables of the documentation, as they stand in the repository.
@Suite struct `The documentation` {
  private static let catalogue = TestPaths.package
    .appending(path: "Sources/LossOracle/Documentation.docc")

  private static func files(_ suffix: String) throws -> [URL] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: catalogue.path)
    return paths.filter { $0.hasSuffix(suffix) }.sorted().map { catalogue.appending(path: $0) }
  }

  @Test func `links to pages, pictures and tables that are there`() throws {
    var count = 0
    for page in try Self.files(".md") {
      let text = try String(contentsOf: page, encoding: .utf8)
        .replacing(/(?ms)^```.*?^```/, with: "")
      // DocC's own links are dead where the repository is shown.
      #expect(!text.contains("<doc:"), "\(page.lastPathComponent)")
      for match in text.matches(of: /\]\(([^)\s:#]+)[^)\s]*\)/) {
        let target = page.deletingLastPathComponent().appending(path: String(match.1))
        #expect(
          FileManager.default.fileExists(atPath: target.path),
          "\(page.lastPathComponent) links to \(match.1)")
        count += 1
      }
    }
    #expect(count > 50)
  }

  /// A block that begins with `$ COMMAND` and goes on with its output; a line `…` leaves some out.
  @Test func `shows of explain and evaluate what they print`() throws {
    let folder = TestPaths.command.deletingLastPathComponent().path
    var count = 0
    for page in try Self.files(".md") {
      let text = try String(contentsOf: page, encoding: .utf8)
      let blocks = text.matches(
        of: /(?ms)^```\n\$ ((?:loss-oracle explain|echo [^\n]*evaluate)[^\n]*)\n(.*?)^```/)
      for block in blocks {
        let run = try Run(
          ["PATH=\(folder):/usr/bin:/bin", "sh", "-c", String(block.1)],
          of: URL(filePath: "/usr/bin/env"))
        let printed = Set(run.output.split(separator: "\n"))
        for line in block.2.split(separator: "\n") where line != "…" {
          #expect(printed.contains(line), "\(page.lastPathComponent): \(block.1)")
          count += 1
        }
      }
    }
    #expect(count > 40)
  }

  /// Of the functions that are no losses or activations of one row of logits.
  @Test
  func `names for each function its forms, its mistakes, and why the search for its value ends`()
    throws
  {
    struct Catalogue: Decodable {
      struct Form: Decodable { let name: String }
      struct Function: Decodable {
        let name: String
        let implementations: [Form]
      }
      let functions: [Function]
    }
    let list = try Run(["list", "--json"])
    let catalogue = try JSONDecoder().decode(Catalogue.self, from: Data(list.output.utf8))
    let pages: [String: (functions: [String], mistakes: [String])] = [
      "Shards": (
        ["shard-partials", "merged-cross-entropy"],
        ["shard-sum-not-rescaled", "target-of-another-shard"]
      ),
      "Distillation": (
        [
          "entropy", "entropy-gradient", "kl-divergence", "kl-divergence-gradient", "js-divergence",
          "js-divergence-gradient",
        ], ["divergence-reversed"]
      ),
      "GradientsWithUpstream": (
        [
          "sigmoid-gradient", "log-sigmoid-gradient", "softplus-gradient", "log-sum-exp-gradient",
          "softmax-gradient", "log-softmax-gradient",
        ], ["upstream-left-out", "upstream-rounded"]
      ),
    ]
    for (name, (functions, mistakes)) in pages {
      let page = Self.catalogue.appending(path: "\(name).md")
      let text = try String(contentsOf: page, encoding: .utf8)
      #expect(text.contains("## Why the search ends") && text.contains("amil"), "\(name)")
      for mistake in mistakes { #expect(text.contains("`\(mistake)`"), "\(name): \(mistake)") }
      for function in functions {
        let entry = try #require(catalogue.functions.first { $0.name == function })
        #expect(!entry.implementations.isEmpty)
        for form in [function] + entry.implementations.map(\.name) {
          #expect(text.contains("`\(form)`"), "\(name): \(function), \(form)")
        }
      }
    }
  }

  @Test func `has tables whose rows are as long as their heads`() throws {
    let tables = try Self.files(".csv")
    #expect(tables.count >= 9)
    for table in tables {
      let text = try String(contentsOf: table, encoding: .utf8)
      let rows = text.split(separator: "\n").map { line in
        // A comma inside quotes ends no cell.
        line.replacing(/"[^"]*"/, with: "x").split(separator: ",", omittingEmptySubsequences: false)
          .count
      }
      #expect(rows.count > 1 && Set(rows).count == 1, "\(table.lastPathComponent)")
    }
  }

  @Test func `shows the Python adapter to the letter`() throws {
    let page = Self.catalogue.appending(path: "PythonAdapter.md")
    let program = TestPaths.package.appending(path: "tools/adapters/examples/python/my_loss.py")
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(text.contains("```python\n\(try String(contentsOf: program, encoding: .utf8))```"))
  }
}
