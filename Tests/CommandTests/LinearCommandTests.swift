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

  @Test func `has what stands before the loss`() throws {
    try withTemporaryDirectory { folder in
      let (layer, exact) = (folder.path("layer.safetensors"), folder.path("exact.safetensors"))
      try make(layer)
      let options = #"{"softcap": 2, "scale": 0.5, "temperature": 0.7, "z_loss": 0.1}"#
      let evaluated = try Run([
        "evaluate", Self.name, "--input", layer, "--output", exact, "--gradient", "hidden",
        "--gradient", "weight", "--options", options,
      ])
      #expect(evaluated.status == 0, "\(evaluated.error)")
      let check = ["check", Self.name, "--fixtures", layer, "--outputs", exact]
      #expect(try Run(check + ["--options", options, "--claim", "correctly-rounded"]).status == 0)
      #expect(try Run(check).status == 1)
    }
  }

  @Test func `is incomplete, and has not passed, where nothing could be compared`() throws {
    try withTemporaryDirectory { folder in
      // Bias gradients of two rows that cancel: no theorem says that their sum is 0.
      let (layer, outputs) = (folder.path("layer.safetensors"), folder.path("out.safetensors"))
      func numbers(_ values: [Float]) -> Data {
        values.reduce(into: Data()) { data, value in
          withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
      }
      func write(_ path: String, _ header: String, _ body: Data) throws {
        var file = Data()
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { file.append(contentsOf: $0) }
        try (file + Data(header.utf8) + body).write(to: URL(filePath: path))
      }
      var labels = Data()
      for label in [Int32(0), 1] {
        withUnsafeBytes(of: label.littleEndian) { labels.append(contentsOf: $0) }
      }
      try write(
        layer,
        #"{"hidden":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"#
          + #""weight":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},"#
          + #""targets":{"dtype":"I32","shape":[2],"data_offsets":[16,24]}}"#,
        numbers([1, -1, 1, -1]) + labels)
      try write(
        outputs, #"{"bias_gradient":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        numbers([17, -3]))
      for claim in [["--claim", "common"], ["--max-ulp", "1"]] {
        let check = try Run(
          ["check", Self.name, "--fixtures", layer, "--outputs", outputs] + claim)
        #expect(check.status == 69, "\(check.output)\(check.error)")
        #expect(check.output.contains("incomplete") && !check.output.contains("passed"))
        #expect(check.error.contains("bias_gradient"))
      }
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
      let focal = try Run([
        "evaluate", Self.name, "--input", paths[0], "--output", paths[1], "--options",
        #"{"focal_gamma": 2}"#,
      ])
      #expect(focal.status == 64)
      #expect(focal.error.contains("no option focal_gamma"), "\(focal.error)")
    }
  }
}
