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
      for tensor in ["hidden_gradient", "weight_gradient", "bias_gradient", "layers"] {
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

  @Test func `has a mean over what is named, which its outputs tell`() throws {
    try withTemporaryDirectory { folder in
      let (layer, exact) = (folder.path("layer.safetensors"), folder.path("exact.safetensors"))
      try make(layer, "--family", "ignored-rows")
      let mean = ["--reduction", "mean"]
      func evaluate(_ more: [String]) throws -> Run {
        try Run(["evaluate", Self.name, "--input", layer, "--output", exact] + more)
      }
      #expect(try evaluate(mean + ["--denominator", "jax"]).status == 0)
      let check = ["check", Self.name, "--fixtures", layer, "--outputs", exact] + mean
      let right = try Run(check + ["--denominator", "rows", "--claim", "correctly-rounded"])
      #expect(right.status == 0, "\(right.output)\(right.error)")
      let wrong = try Run(check)
      #expect(wrong.status == 1 && wrong.output.contains("another-denominator (rows, as optax"))
      #expect(try evaluate(["--denominator", "rows"]).status == 64)
    }
    let line =
      #"{"hidden": [[1], [2]], "weight": [[1], [2]], "target": [0, 1], "ignore_index": 1, "reduction": "mean""#
    let run = try Run(
      ["evaluate", Self.name],
      input: [#"\#(line)}"#, #"\#(line), "denominator": "rows"}"#].joined(separator: "\n"))
    // log(1 + e), and half of it.
    #expect(
      run.output == """
        {"value":"0x1.5031eap+0","decimal":"1.3132616"}
        {"value":"0x1.5031eap-1","decimal":"0.6566308"}

        """, "\(run.output)\(run.error)")
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

  @Test func `is evaluated from lines of JSON, each by itself`() throws {
    let layer = #""hidden": [[1, 0.5], [2, 1]], "weight": [[1, 0], [0, 1]]"#
    let lines = [
      #"{"hidden": [[1, 0.5]], "weight": [[1, 0], [0, 1]], "target": [0]}"#,
      #"{\#(layer), "target": [0, 1], "reduction": "mean", "softcap": 2}"#,
      #"{\#(layer), "bias": [0, "0x1p0"], "target": [0, 0], "with_respect_to": "bias"}"#,
      #"{\#(layer), "target": [0, 0], "grad_output": [1, 0], "with_respect_to": "hidden"}"#,
      #"{\#(layer), "target": [0, 5]}"#, #"{\#(layer)}"#,
      #"{\#(layer), "target": [0, 1], "with_respect_to": "logits"}"#,
      #"{"hidden": [[1], [1, 2]], "weight": [[1]], "target": [0, 0]}"#,
    ]
    let run = try Run(["evaluate", Self.name], input: lines.joined(separator: "\n"))
    #expect(run.status == 65)
    let answers = run.output.split(separator: "\n")
    try #require(answers.count == 4)
    // log(1 + e^-0.5).
    #expect(answers[0] == #"{"values":["0x1.e5747p-2"],"decimals":["0.474077"]}"#)
    #expect(answers[1].hasPrefix(#"{"value":"0x1."#))
    #expect(answers[2].hasPrefix(#"{"values":["-0x1."#))
    #expect(answers[3].hasSuffix(#"["0","0"]]}"#))
    for (line, part) in [
      (5, "label 5 is out of range"), (6, #""target" is missing"#),
      (7, "one of hidden, weight, bias"),
      (8, "lists of 1 numbers each"),
    ] {
      let message = run.error.split(separator: "\n").first { $0.hasPrefix("line \(line): ") }
      #expect(message?.contains(part) == true, "\(run.error)")
    }
    #expect(try Run(["evaluate", Self.name, "--input", "layer.safetensors"]).status == 64)
  }

  @Test func `is explained: exact logits, what float32 makes of them, and the exact values`() throws
  {
    let line = #"{"hidden": [[3, 3]], "weight": [[1, -1], [1, -0.9999999]], "target": [0]}"#
    let run = try Run(["explain", Self.name, line])
    #expect(run.status == 0, "\(run.error)")
    // The float32 number next to 0.9999999 is 1 − 2^-23, and a logit 3·2^-23.
    for text in [
      "3.5762786865234375e-7", "off by", "a bound for each", "loss", "0.69314736", "Lindemann",
    ] {
      #expect(run.output.contains(text), "\(text): \(run.output)")
    }
    let capped = try Run(["explain", Self.name, line, "--options", #"{"softcap": 2}"#, "--json"])
    #expect(capped.output.contains("no theorem"), "\(capped.output)")
    #expect(try Run(["explain", Self.name, line, "--row", "1"]).status == 64)
    #expect(try Run(["explain", Self.name]).status == 64)
    #expect(try Run(["explain", Self.name, "{}"]).status == 65)
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
