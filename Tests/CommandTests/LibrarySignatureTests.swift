import Foundation
import TestSupport
import Testing

@Suite struct `A library's function` {
  private static let library = Result { try CompiledLibrary("signatures.c") }

  /// Checks one of the library's functions.
  private func check(
    _ arguments: [String], _ symbol: String, _ signature: String? = nil,
    in folder: TemporaryDirectory
  ) throws -> Run {
    let library = folder.path("libk.so")
    try Self.library.get().write(to: library)
    return try Run(
      ["check"] + arguments + ["--cases", "20", "--family", "normal", "--library", library]
        + ["--symbol", symbol] + (signature.map { ["--signature", $0] } ?? []))
  }

  @Test(arguments: [
    ("softplus", "float32", "without_targets", "logits, out, n"),
    ("softplus", "float32", "of_a_number", "logit -> out"),
    ("softplus", "float32", "size_first", "n, logits, out"),
    ("binary-cross-entropy", "float64", "of_two_numbers", "logit, target -> out"),
    ("softmax", "float32", "sizes_last", "logits, out, rows, classes"),
    ("cross-entropy", "float32", "of_one_row", "logits, targets:int64, classes -> out:float64"),
    ("cross-entropy", "float32", "sum_in_double", "logits, targets, 1, classes, out:float64"),
    (
      "cross-entropy", "float32", "eight",
      "logits, targets:int64, out, rows, classes, -100, 7, n"
    ),
  ])
  func `is called as its signature says`(
    _ function: String, _ format: String, _ symbol: String, _ signature: String
  ) throws {
    try withTemporaryDirectory { folder in
      let run = try check([function, "--format", format], symbol, signature, in: folder)
      #expect(run.status == 0, "\(run.output)\(run.error)")
    }
  }

  @Test func `is called with the classes in the middle, and is told what it takes for them`() throws
  {
    try withTemporaryDirectory { folder in
      let layout = ["softmax", "--class-axis", "1"]
      let right = try check(layout + ["--inner", "5"], "strided", in: folder)
      #expect(right.status == 0, "\(right.output)\(right.error)")
      #expect(
        try check(["softmax"], "strided", "logits, targets, outer, classes, inner, out", in: folder)
          .status == 0)
      let wrong = try check(layout, "last_axis", in: folder)
      #expect(
        wrong.status == 1 && wrong.output.contains("last-axis-for-classes"), "\(wrong.output)")
      // A row alone, beside itself, shows it, and its text says how it stood.
      #expect(wrong.output.contains("\"inner\":3"), "\(wrong.output)")
      let untold = try check(layout, "sizes_last", "logits, out, rows, classes", in: folder)
      #expect(
        untold.status == 64 && untold.error.contains("has to be told inner"), "\(untold.error)")
      #expect(try check(["softplus", "--class-axis", "1"], "of_few_rows", in: folder).status == 64)
    }
  }

  @Test func `may have the parts of a loss in shards`() throws {
    try withTemporaryDirectory { folder in
      func run(_ function: String, _ symbol: String) throws -> Run {
        try check([function, "--family", "shards", "--class-axis", "last"], symbol, in: folder)
      }
      let right = try run("shard-partials", "shard_partials")
      #expect(right.status == 0, "\(right.output)\(right.error)")
      let wrong = try run("shard-partials", "shard_unmasked")
      #expect(
        wrong.status == 1 && wrong.output.contains("target-of-another-shard"), "\(wrong.output)")
      let merged = try run("merged-cross-entropy", "merged")
      #expect(merged.status == 0, "\(merged.output)\(merged.error)")
    }
  }

  @Test func `may take a grad_output beside the targets`() throws {
    try withTemporaryDirectory { folder in
      let arguments = [
        "cross-entropy-gradient", "--family", "grad-outputs", "--options",
        "{\"grad_output\": \"row\"}",
      ]
      let right = try check(arguments, "with_upstream", in: folder)
      #expect(right.status == 0, "\(right.output)\(right.error)")
      let wrong = try check(
        arguments, "without_upstream", "grad_output, logits, targets, out, rows, classes",
        in: folder)
      #expect(wrong.status == 1 && wrong.output.contains("upstream-left-out"), "\(wrong.output)")
      let untold = try check(
        arguments, "with_upstream", "logits, targets, rows, classes, out", in: folder)
      #expect(untold.status == 64 && untold.error.contains("pass it"), "\(untold.error)")
      let mean = try check(arguments + ["--reduction", "mean"], "with_upstream", in: folder)
      #expect(mean.status == 64 && mean.error.contains("leave out the reduction"), "\(mean.error)")
    }
  }

  @Test func `that is not there is answered with what it would be called as`() throws {
    try withTemporaryDirectory { folder in
      let run = try check(["binary-cross-entropy", "--format", "bfloat16"], "nowhere", in: folder)
      #expect(run.status == 69)
      #expect(
        run.error.contains("void nowhere(const uint16_t *logits, const uint16_t *targets, "),
        "\(run.error)")
      #expect(run.error.contains("undefined symbol") && run.error.contains("--signature"))
      #expect(!run.error.contains("serve-library") && !run.error.contains("/usr/bin/env"))
    }
  }

  @Test func `that crashes whatever it is asked is told what it was called as`() throws {
    try withTemporaryDirectory { folder in
      let run = try check(["softplus"], "size_first", in: folder)
      #expect(run.status == 1)
      #expect(run.error.contains("void size_first(const float *logits, "), "\(run.error)")
      #expect(run.error.contains("NULL: softplus has no targets"))
      #expect(!(run.error + run.output).contains("serve-library"))
    }
  }

  @Test func `that crashes in its first call alone is told so, too`() throws {
    try withTemporaryDirectory { folder in
      let run = try check(["softplus"], "of_few_rows", in: folder)
      #expect(run.status == 1 && run.output.contains("crash"), "\(run.output)")
      #expect(run.error.contains("void of_few_rows(const float *logits, "), "\(run.error)")
    }
  }

  @Test func `that writes nothing is told so, and no mistake is named`() throws {
    try withTemporaryDirectory { folder in
      let run = try check(["softmax"], "of_nothing", in: folder)
      #expect(run.status == 1 && run.output.contains("no output is a number"), "\(run.output)")
      #expect(!run.output.contains("diagnosis"), "\(run.output)")
      #expect(run.error.contains("void of_nothing(const float *logits, "), "\(run.error)")
    }
  }

  @Test(arguments: [
    ("softplus", "logits, n", "there is no out"),
    ("softplus", "logits, out, size", "\"size\" is none of"),
    ("log-sum-exp", "logits, rows, classes -> out", "leave out rows"),
    ("softmax", "logits, classes -> out", "has an output for each class"),
    ("cross-entropy", "logits, out, rows, classes", "has targets"),
    ("softplus", "logits, out:float128, n", "\"float128\""),
  ])
  func `cannot be called by a signature that makes no sense`(
    _ function: String, _ signature: String, _ message: String
  ) throws {
    try withTemporaryDirectory { folder in
      let run = try check([function], "without_targets", signature, in: folder)
      #expect(run.status == 64 && run.error.contains(message), "\(run.error)")
    }
  }
}
