import Foundation
import TestSupport
import Testing

/// Runs the built command as a user does.
@Suite struct `The command` {
  @Test func `evaluates the forum example`() throws {
    let run = try Run(
      ["evaluate", "binary-cross-entropy", "--format", "float64"],
      input: "{\"logit\": -305.8, \"target\": 0}\n")
    #expect(
      run.output
        == "{\"value\":\"0x1.c52755a129346p-442\",\"decimal\":\"1.558645801350814e-133\"}\n")
    #expect(run.error == "" && run.status == 0)
  }

  @Test func `answers the good lines, names the bad ones and exits with 65`() throws {
    let lines = [
      #"{"logits":[0,0],"target":0}"#, "{", #"{"logits":[0,0],"target":7}"#,
      #"{"logits":[],"target":0}"#, #"{"logits":["0x1.000001p0",0],"target":0}"#,
      #"{"logits":[0,0],"target":1,"colour":3}"#, #"{"logits":[0,0,0,0],"target":1}"#,
    ]
    let run = try Run(
      ["evaluate", "cross-entropy", "--format", "float16"], input: lines.joined(separator: "\n"))
    #expect(run.output.split(separator: "\n").count == 2)
    #expect(run.output.contains("0.6934") && run.output.contains("1.387"))
    let complaints = run.error.split(separator: "\n").map { $0.prefix { $0 != ":" } }
    #expect(complaints == ["line 2", "line 3", "line 4", "line 5", "line 6"])
    #expect(run.status == 65)
  }

  private static let statuses: [(line: String, status: Int32)] = [
    ("evaluate cross-entropie", 64),
    ("evaluate softplus --format float7", 64),
    ("evaluate softplus --rounding sideways", 64),
    ("evaluate softplus --digits 0", 64),
    ("verify --cases 0", 64),
    ("verify --family tied", 64),
    ("verify --format float8_e5m2", 64),
    ("verify --implementation best", 64),
    ("evaluate softplus /no/such/file", 66),
    ("evaluate softplus /tmp", 66),
    ("generate --function softmax", 64),
    ("generate --function softmax --output x.csv", 64),
    ("generate --function softmax --count 0 --output x.json", 64),
    ("generate --function softmax --classes 0 --output x.json", 64),
    ("generate --function softmax --family tied --output x.json", 64),
    ("generate --function softmax --family every-logit --output x.json", 64),
    ("generate --function softmax --format e8m10 --output x.safetensors", 64),
    ("generate --function softmax --count 9223372036854775807 --output x.safetensors", 64),
    ("generate --function softmax --threads 4611686018427387904 --output x.json", 64),
    ("generate --function softmax --seed -1 --output x.json", 64),
    ("generate --function softmax --seed 18446744073709551616 --output x.json", 64),
    ("generate --function softmax --classes 1048577 --output x.json", 64),
    ("verify --threads 9223372036854775807", 64),
    ("verify --cases 2305843009213693952", 64),
    ("check softplus --cases 2305843009213693952 -- true", 64),
    ("check softplus --search 9223372036854775807 -- true", 64),
    ("sweep softplus --implementation threshold-20 --threads 1025 --output x.json", 64),
    ("sweep softplus --implementation threshold-20 --format float16 --output /dev/null", 73),
    ("generate --function softmax --output /no/such/folder/x.json", 73),
    ("generate --function softmax --output /no/such/folder/x.safetensors", 73),
    ("generate --help", 0),
    ("explain --target 0", 64),
    ("explain --logit x --target 0", 64),
    ("explain --logit 1 --target 2", 65),
    ("explain --logits 1,2 --target 5", 65),
    ("--help", 0),
    ("evaluate --help", 0),
    ("verify --help", 0),
    ("--version", 0),
  ]

  @Test(arguments: statuses)
  func `exits as sysexits says`(line: String, status: Int32) throws {
    let run = try Run(line.split(separator: " ").map(String.init))
    #expect(run.status == status, "\(run.error)")
    #expect(status == 0 ? run.error.isEmpty : run.output.isEmpty && !run.error.isEmpty)
  }

  @Test func `takes an empty input for no lines at all`() throws {
    let run = try Run(["evaluate", "softplus"])
    #expect(run.output == "" && run.error == "" && run.status == 0)
  }

  @Test func `lists the formulas of a function with their sources`() throws {
    let run = try Run(["list", "--function", "softplus"])
    #expect(run.status == 0 && run.error == "")
    let lines = run.output.split(separator: "\n")
    #expect(lines.first?.hasPrefix("softplus  log(1 + e^z)") == true)
    #expect(lines.contains("  threshold-20"))
    #expect(lines.contains("    z > 20 ? z : log1p(e^z)"))
    #expect(lines.contains("    computed so by: PyTorch"))
  }

  @Test func `prints a verification whose columns line up, and writes it to a folder`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = try Run([
      "verify", "--cases", "20", "--format", "float32", "--function", "cross-entropy", "--family",
      "confident", "--implementation", "naive", "--implementation", "logits", "--output",
      folder.path, "--by", "family",
    ])
    let lines = run.output.split(separator: "\n")
    #expect(run.status == 0 && run.error == "" && lines.count == 4)
    let starts = lines.dropFirst().map { line in
      line.range(of: " float32 ") ?? line.range(of: " format ")
    }
    #expect(starts.allSatisfy { $0 != nil })
    #expect(!run.output.contains("\u{1B}"))
    let report = try Data(contentsOf: folder.appending(path: "report.json"))
    let again = try Run([
      "verify", "--cases", "20", "--format", "float32", "--function", "cross-entropy", "--family",
      "confident", "--implementation", "naive", "--implementation", "logits", "--output",
      folder.path, "--threads", "1", "--by", "family",
    ])
    #expect(again.output == run.output)
    #expect(try Data(contentsOf: folder.appending(path: "report.json")) == report)
  }

  @Test func `verifies on one page of sixty lines and a hundred columns`() throws {
    // Families that break forms, those of the longest names among them; all of them take minutes in debug builds.
    let families = [
      "uniform", "huge-magnitude", "confident-wrong", "subnormal-results", "probability-edge",
      "cancelling-grad-outputs", "witnesses", "breast-cancer-confident",
    ]
    let run = try Run(
      ["verify", "--cases", "1", "--format", "float32"] + families.flatMap { ["--family", $0] })
    let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(run.status == 0 && lines.count <= 60, "\(lines.count)")
    #expect(lines.allSatisfy { $0.count <= 100 })
    for function in ["sigmoid", "softplus", "log-sum-exp", "cross-entropy-gradient"] {
      #expect(lines.contains { $0 == function })
    }
    #expect(lines.contains { $0.hasPrefix("  naive ") && $0.contains(" inf ") })
  }

  @Test(arguments: [
    "--logit -305.8 --target 0", "--logit -305.8 --target 0 --format float32",
    "--logits 1000,0,-3.25,1e4 --target 1 --format float16",
    "--logits -1e300,1e-300,1 --target 1", "--logit nan --target 0.3", "--logit inf --target 1",
  ])
  func `explains in eighty columns`(options: String) throws {
    let run = try Run(["explain"] + options.split(separator: " ").map(String.init))
    #expect(run.status == 0 && run.error == "")
    let lines = run.output.split(separator: "\n")
    #expect(lines.count > 15 && lines.allSatisfy { $0.count <= 80 })
  }

  @Test func `generates fixtures whose inputs it evaluates to their values`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appending(path: "x.json")
    let options = [
      "generate", "--function", "cross-entropy-gradient", "--format", "bfloat16", "--count", "40",
      "--classes", "3", "--output", url.path,
    ]
    let run = try Run(options)
    #expect(run.status == 0 && run.output == "" && run.error == "")
    let data = try Data(contentsOf: url)
    let file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let cases = try #require(file["cases"] as? [[String: Any]])
    #expect(cases.count == 40)
    let inputs = try cases.map { fixture in
      let input = try JSONSerialization.data(withJSONObject: try #require(fixture["input"]))
      return String(decoding: input, as: UTF8.self)
    }
    let answers = try Run(
      ["evaluate", "cross-entropy-gradient", "--format", "bfloat16"],
      input: inputs.joined(separator: "\n"))
    let values = try answers.output.split(separator: "\n").map { line in
      let answer = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: [String]]
      return answer?["values"]
    }
    #expect(values == cases.map { ($0["expected"] as? [String: Any])?["values"] as? [String] })
    #expect(try Run(options + ["--threads", "3"]).status == 0)
    #expect(try Data(contentsOf: url) == data)
  }

  @Test(arguments: ["x.json", "x.safetensors"], [SIGINT, SIGTERM, SIGHUP, SIGKILL])
  func `leaves no part of a file when it is ended, or the next run removes it`(
    name: String, signal: Int32
  ) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    @Sendable func names() -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    }
    // Signalled by a thread of its own: one of the suite's may have other work while the command runs.
    let run = try Run(
      [
        "generate", "--function", "softmax", "--count", "100000000", "--output",
        folder.appending(path: name).path,
      ], signals: [signal], whenReady: { !names().isEmpty })
    if signal == SIGKILL {
      let next = ["generate", "--function", "softmax", "--count", "1", "--output"]
      #expect(try Run(next + [folder.appending(path: name).path]).status == 0)
    } else {
      #expect(run.status == 130)
    }
    #expect(names() == (signal == SIGKILL ? [name] : []))
  }

  @Test func `says which folder it cannot write to`() throws {
    let run = try Run([
      "verify", "--cases", "1", "--function", "softplus", "--family", "normal", "--output",
      "/dev/null/x",
    ])
    #expect(run.status == 73 && run.error.contains("/dev/null/x"))
  }
}
