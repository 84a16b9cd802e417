import Foundation
import TestSupport
import Testing

@Suite struct `A linear layer by files` {
  private static let name = "linear-cross-entropy"

  private func make(_ path: String, _ more: String...) throws {
    let made = try Run(
      ["generate", "--function", Self.name, "--rows", "6", "--classes", "40", "--width", "8"]
        + ["--output", path] + more)
    try #require(made.status == 0, "\(made.error)")
  }

  @Test func `is evaluated exactly, and what is exact passes`() throws {
    try withTemporaryDirectory { folder in
      let (layer, exact) = (folder.path("layer.safetensors"), folder.path("exact.safetensors"))
      try make(layer, "--family", "ignored-rows", "--bias")
      let evaluated = try Run([
        "evaluate", Self.name, "--input", layer, "--output", exact, "--reduction", "mean",
        "--gradient", "hidden", "--gradient", "weight", "--gradient", "bias",
      ])
      #expect(evaluated.status == 0, "\(evaluated.error)")
      let check = ["check", Self.name, "--fixtures", layer, "--outputs", exact]
      let right = try Run(check + ["--reduction", "mean", "--claim", "correctly-rounded"])
      #expect(right.status == 0, "\(right.output)\(right.error)")
      for tensor in ["loss [1]", "hidden_gradient [6, 8]", "weight_gradient", "bias_gradient"] {
        #expect(right.output.contains(tensor))
      }
      // Ignored rows count in the mean: of six rows two are.
      let options = ["--options", "{}"]
      let refused = try Run(check + ["--reduction", "mean"] + options)
      #expect(refused.status == 64 || refused.status == 65)
      #expect(refused.error.contains("-100"), "\(refused.error)")
      // The options on the command line stand in place of the file's.
      let ignoring = ["--options", #"{"ignore_index": -100}"#, "--max-ulp", "0.5"]
      #expect(try Run(check + ["--reduction", "mean"] + ignoring).status == 0)
      // Outputs of another shape than the reduction has.
      let rows = try Run(check + ["--reduction", "none"])
      #expect(rows.status == 65)
      #expect(rows.error.contains("[6]"), "\(rows.error)")
    }
  }

  @Test func `falls short where losses are of rounded logits`() throws {
    try withTemporaryDirectory { folder in
      let (layer, narrow) = (folder.path("layer.safetensors"), folder.path("narrow.safetensors"))
      try make(layer)
      // The exact losses, rounded to bfloat16 and read as float32: as far off as a bfloat16 kernel's.
      let evaluated = try Run([
        "evaluate", Self.name, "--input", layer, "--output", narrow, "--output-format", "bfloat16",
      ])
      #expect(evaluated.status == 0, "\(evaluated.error)")
      // In its own format that is right; one that is claimed to be float32 has its bytes widened here.
      let right = try Run(["check", Self.name, "--fixtures", layer, "--outputs", narrow])
      #expect(right.status == 0, "\(right.output)")
      let other = folder.path("other.safetensors")
      try make(other, "--seed", "2")
      let wrong = try Run(["check", Self.name, "--fixtures", other, "--outputs", narrow])
      #expect(wrong.status == 1, "\(wrong.output)")
      #expect(wrong.output.contains("too far off; the worst at ["))
    }
  }

  @Test func `is listed with its families`() throws {
    let list = try Run(["list"]).output
    #expect(list.contains("linear-cross-entropy  −log softmax(hidden"))
    #expect(list.contains("cancelling-sums  logits whose terms cancel"))
    #expect(try Run(["list", "--json"]).output.contains("\"linear\""))
  }

  @Test func `is the same file for the same arguments, and refuses what is none`() throws {
    try withTemporaryDirectory { folder in
      let paths = ["a", "b"].map { folder.path("\($0).safetensors") }
      for path in paths { try make(path, "--family", "cancelling-sums", "--format", "bfloat16") }
      let files = try paths.map { try Data(contentsOf: URL(filePath: $0)) }
      #expect(files[0] == files[1])
      let unknown = try Run([
        "generate", Self.name, "--family", "cancelling", "--output", paths[0],
      ])
      #expect(unknown.status == 64)
      let missing = try Run([
        "evaluate", Self.name, "--input", folder.path("none.safetensors"), "--output", paths[0],
      ])
      #expect(missing.status == 66)
      let softcap = try Run([
        "evaluate", Self.name, "--input", paths[0], "--output", paths[1], "--options",
        #"{"softcap": 30}"#,
      ])
      #expect(softcap.status == 64)
      #expect(softcap.error.contains("no option softcap"), "\(softcap.error)")
    }
  }
}
