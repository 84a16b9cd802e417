import Foundation
import TestSupport
import Testing

@Suite struct `The manners of the command` {
  private static let misspellings: [(line: String, meant: String)] = [
    ("verfy", "verify"), ("chekc softmax -- true", "check"),
    ("generate --functon softmax --output x.json", "--function"),
    ("explain --logti 3", "--logit"), ("check softmax --fmaily ties -- true", "--family"),
    ("check softmax --family tie -- true", "ties"), ("verify --family near-tie", "near-ties"),
    ("generate --function softmax --family tied --output x.json", "ties"),
    ("study form", "forum"), ("check cross-entorpy -- true", "cross-entropy"),
    ("evaluate log_softmax", "log-softmax"),
    ("generate --function sofmax --output x.json", "softmax"),
    ("sweep softplus --implementation practicle --output x.json", "practical"),
  ]

  @Test(arguments: misspellings)
  func `name what may have been meant`(line: String, meant: String) throws {
    let run = try Run(line.split(separator: " ").map(String.init))
    #expect(run.status == 64 && run.output == "")
    #expect(run.error.contains("Did you mean \"\(meant)\"?"), "\(run.error)")
  }

  @Test func `leave the words of a checked program alone`() throws {
    let run = try Run(["check", "softmax", "--", "/no/such/program", "--fmaily"])
    #expect(run.status == 69 && !run.error.contains("Did you mean"))
  }

  @Test func `say what a program has to do that never answers`() throws {
    let run = try Run(["check", "softmax", "--", "true"])
    #expect(run.status == 69 && run.error.contains("tools/adapters/README.md"), "\(run.error)")
  }

  @Test func `list what there is where nothing is near`() throws {
    let run = try Run(["frobnicate"])
    #expect(run.status == 64 && run.error.contains("There are verify, check, generate"))
  }

  @Test func `tell before the work that a folder cannot be written`() throws {
    let run = try Run(["verify", "--output", "/dev/null/x"])
    #expect(run.status == 73 && run.output == "" && !run.error.contains("NSCocoa"))
  }

  @Test func `give the system's reason why a file cannot be read`() throws {
    let run = try Run(["merge", "/nowhere/x.json", "--output", "y.json"])
    #expect(
      run.status == 66
        && run.error == "Error: cannot read /nowhere/x.json: No such file or directory\n")
  }

  @Test func `give programs a catalogue with a phrase for everything`() throws {
    let run = try Run(["list", "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    let catalogue = try #require(object as? [String: Any])
    for (key, phrase) in [("functions", "formula"), ("families", "purpose")] {
      let entries = try #require(catalogue[key] as? [[String: Any]])
      #expect(entries.count >= 10)
      for entry in entries {
        #expect((entry[phrase] as? String)?.isEmpty == false, "\(entry)")
      }
    }
    let families = try Run(["list"]).output
    for name in ["every-pair", "infinities", "witnesses", "digits-confident"] {
      #expect(families.contains("\n  \(name) "), "\(name)")
    }
  }

  @Test func `explain to programs what they explain to people`() throws {
    let run = try Run([
      "explain", "--logit", "-17", "--target", "0", "--format", "float32", "--json",
    ])
    let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    let sections = try #require((object as? [String: Any])?["sections"] as? [[String: Any]])
    #expect(sections.count == 3 && run.output.contains("\"4.1399375e-8\""))
  }

  @Test func `need no file beside the command`() throws {
    try withTemporaryDirectory { folder in
      let copy = folder.url.appending(path: "loss-oracle")
      try FileManager.default.copyItem(at: TestPaths.command, to: copy)
      let run = try Run(
        [
          "verify", "--cases", "1", "--function", "cross-entropy", "--format", "float32",
          "--family",
          "digits-linear", "--family", "witnesses", "--by", "family",
        ], of: copy)
      #expect(run.status == 0 && run.output.contains("digits-linear"), "\(run.error)")
    }
  }
}
