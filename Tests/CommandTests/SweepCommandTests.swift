import Foundation
import TestSupport
import Testing

@Suite struct `The commands sweep and merge` {
  private static let softplus = ["sweep", "softplus", "--format", "float16"]

  private func sweep(_ arguments: [String]) throws -> Run { try Run(arguments) }

  @Test func `add shards up to the bytes of the whole`() throws {
    try withTemporaryDirectory { folder in
      let known = Self.softplus + ["--implementation", "stable"]
      let whole = try sweep(known + ["--output", folder.path("whole.json")])
      try #require(whole.status == 0, "\(whole.error)")
      #expect(whole.output.contains("over all 65,536 float16 logits, the max error of softplus"))
      for shard in 1...3 {
        let part = try sweep(
          known + ["--shard", "\(shard)/3", "--output", folder.path("\(shard).json")])
        #expect(part.status == 0 && part.output.contains("encodings"))
      }
      let merged = try Run(
        ["merge"] + [2, 3, 1].map { folder.path("\($0).json") }
          + ["--output", folder.path("merged.json")])
      #expect(merged.status == 0 && merged.output == whole.output)
      let files = try ["whole", "merged"].map {
        try Data(contentsOf: URL(filePath: folder.path("\($0).json")))
      }
      #expect(files[0] == files[1])
      let gap = try Run(
        ["merge", folder.path("1.json"), folder.path("3.json"), "--output", folder.path("gap")])
      #expect(gap.status == 65 && gap.error.contains("some are missing"))
    }
  }

  @Test func `go on from a state, and refuse a damaged one`() throws {
    try withTemporaryDirectory { folder in
      let known = Self.softplus + ["--implementation", "stable", "--resume", folder.path("state")]
      let first = try sweep(known + ["--output", folder.path("a.json")])
      let again = try sweep(known + ["--output", folder.path("b.json")])
      #expect(first.status == 0 && again.status == 0 && first.output == again.output)
      let other = try sweep(
        Self.softplus + [
          "--implementation", "naive", "--resume", folder.path("state"), "--output",
          folder.path("c.json"),
        ])
      #expect(other.status == 65 && other.error.contains("not the same implementation"))
      let text = try String(contentsOfFile: folder.path("state"), encoding: .utf8)
      try text.replacing("\"misrounded\" : ", with: "\"misrounded\" : 9")
        .write(toFile: folder.path("state"), atomically: true, encoding: .utf8)
      let damaged = try sweep(known + ["--output", folder.path("d.json")])
      #expect(damaged.status == 65 && damaged.error.contains("checksum"))
    }
  }

  @Test func `go through a target's numbers with each logit, and tell so`() throws {
    try withTemporaryDirectory { folder in
      let arguments = [
        "binary-cross-entropy", "--implementation", "logits", "--format", "float16",
        "--paired-with",
        "target", "--shard", "12289/15361", "--resume", folder.path("state"), "--output",
        folder.path("a.json"),
      ]
      let block = try sweep(["sweep"] + arguments)
      // All logits for the target 0x3000, that is 1/8.
      let words = "65,536 pairs of a float16 target from 0 to 1 and a logit, encodings 805306368 to"
      #expect(block.status == 0 && block.output.contains(words), "\(block.error)")
      #expect(block.output.contains(" at 0x1p-3 "))
      let text = try String(contentsOfFile: folder.path("a.json"), encoding: .utf8)
      #expect(text.contains("\"paired_with\" : \"target\""))
      #expect(text.contains("\"domain\" : 1006698496"))
      let others = arguments.filter { $0 != "--paired-with" && $0 != "target" }
      let other = try sweep(["sweep"] + others + ["--target", "0"])
      #expect(other.status == 64 && other.error.contains("There is no shard"))
    }
  }

  @Test(arguments: [
    (["softplus", "--implementation", "stabel"], 64, "Did you mean"),
    (["softplus", "--implementation", "stable", "--shard", "3"], 64, "I/N"),
    (["softplus", "--implementation", "stable", "--shard", "3/2"], 64, "There is no shard"),
    (["softplus", "--implementation", "stable", "--target", "1"], 64, "takes no --target"),
    (["binary-cross-entropy", "--implementation", "stable"], 64, "--target 0 or --target 1"),
    (["softmax-gradient", "--implementation", "naive"], 64, "is a function of a row"),
    (["softmax", "--implementation", "shifted"], 64, "not float32"),
    (["softmax", "--implementation", "shifted", "--target", "0"], 64, "takes no --target"),
    (
      ["softplus-gradient", "--implementation", "two-case", "--paired-with", "target"], 64,
      "is not paired with target"
    ),
    (
      [
        "binary-cross-entropy", "--implementation", "logits", "--paired-with", "target", "--target",
        "1",
      ], 64, "takes no --target"
    ),
    (
      [
        "binary-cross-entropy-gradient", "--implementation", "fused-upstream", "--paired-with",
        "grad_output",
      ], 64, "takes --target 0 or --target 1"
    ),
    (
      [
        "binary-cross-entropy-gradient", "--implementation", "fused", "--target", "0", "--format",
        "float16", "--paired-with", "grad_output",
      ], 64,
      "\"fused\" takes no grad_output; naive-chain-upstream, fused-upstream, practical-upstream do."
    ),
    (
      [
        "binary-cross-entropy-gradient", "--implementation", "fused-upstream", "--target", "0",
      ], 64, "sweep it with --paired-with grad_output"
    ),
    (["cross-entropy", "--implementation", "naive", "--target", "0"], 64, "not float32"),
    (["binary-cross-entropy", "--implementation", "p-log", "--target", "0"], 64, "not float32"),
    (
      ["softplus", "--implementation", "stable", "--input", "probabilities"], 64, "takes no --input"
    ),
    (
      [
        "binary-cross-entropy", "--implementation", "p-log", "--input", "log-probabilities",
        "--target", "0",
      ], 64, "takes probabilities, not log-probabilities"
    ),
    (["softplus", "--implementation", "stable", "--library", "x.so"], 64, "Give one of"),
    (["softplus", "--library", "x.so"], 64, "go together"),
    (["softplus", "--library", "/nowhere.so", "--symbol", "f"], 66, "no library"),
    (["softplus", "--implementation", "stable", "--format", "float16"], 73, "cannot write"),
  ])
  func `tell what is wrong`(_ arguments: [String], _ status: Int32, _ message: String) throws {
    let result = try sweep(["sweep"] + arguments + ["--output", "/nowhere/at/all.json"])
    #expect(result.status == status, "\(result.error)")
    #expect(result.error.contains(message), "\(result.error)")
    #expect(result.output.isEmpty)
  }

  @Test func `sweep a C library in a process of its own`() throws {
    try withTemporaryDirectory { folder in
      let source = """
        #include <math.h>
        #include <stddef.h>
        #include <stdint.h>
        static float number(uint16_t h) { union { uint32_t b; float f; } u = {(uint32_t)h << 16}; return u.f; }
        static uint16_t half(float f) {
          union { float f; uint32_t b; } u = {f};
          if (f != f) return 0x7fff;
          return (u.b + 0x7fff + (u.b >> 16 & 1)) >> 16;
        }
        void right(const uint16_t *z, const uint16_t *y, size_t n, size_t k, uint16_t *out) {
          for (size_t i = 0; i < n; i++) {
            double x = number(z[i]);
            out[i] = half((float)(log1p(exp(-fabs(x))) + fmax(x, 0)));
          }
        }
        void negated(const uint16_t *l, const uint16_t *y, size_t n, size_t k, uint16_t *out) {
          for (size_t i = 0; i < n; i++) out[i] = l[i] ^ 0x8000;
        }
        void crashing(const uint16_t *z, const uint16_t *y, size_t n, size_t k, uint16_t *out) {
          if (z[0] == 0x4000) *(volatile int *)8 = 1;
          right(z, y, n, k, out);
        }
        void beyond(const uint16_t *z, const uint16_t *y, size_t n, size_t k, uint16_t *out) {
          right(z, y, n, k, out);
          out[n] = 1;
        }
        void gradient(
          const uint16_t *z, const uint16_t *y, const uint16_t *g, size_t n, size_t k, uint16_t *out) {
          for (size_t i = 0; i < n; i++) {
            double w = exp(-fabs((double)number(z[i]))), sign = number(y[i]) == 0 ? 1 : -1;
            out[i] = half((float)(sign * number(g[i]) * (sign * number(z[i]) < 0 ? w : 1) / (1 + w)));
          }
        }
        """
      try compile(source, to: folder.path("k.so"))
      func library(_ symbol: String) throws -> Run {
        try sweep([
          "sweep", "softplus", "--format", "bfloat16", "--library", folder.path("k.so"), "--symbol",
          symbol, "--output", folder.path("\(symbol).json"),
        ])
      }
      let right = try library("right")
      #expect(right.status == 0, "\(right.error)")
      #expect(right.output.contains("misrounded: 0 of 65,280"), "\(right.output)")
      let logarithm = try sweep([
        "sweep", "binary-cross-entropy", "--format", "bfloat16", "--library", folder.path("k.so"),
        "--symbol", "negated", "--input", "log-probabilities", "--target", "1", "--output",
        folder.path("negated.json"),
      ])
      #expect(
        logarithm.output.contains("misrounded: 0 of 32,639 finite logarithms"), "\(logarithm)")
      // What is above 0 has no loss, and it makes none a NaN.
      #expect(logarithm.output.contains("32,640 of 32,897 differ"), "\(logarithm)")
      // Each logit with a grad_output of 3.
      let gradient = try sweep([
        "sweep", "binary-cross-entropy-gradient", "--format", "bfloat16", "--library",
        folder.path("k.so"), "--symbol", "gradient", "--target", "1", "--paired-with",
        "grad_output",
        "--shard", "\(0x4040 + 1)/65536", "--output", folder.path("gradient.json"),
      ])
      #expect(
        gradient.output.contains("misrounded: 0 of 65,280 finite pairs"),
        "\(gradient.error)\(gradient.output)")
      #expect(gradient.output.contains(" at 0x1.8p+1 "), "\(gradient.output)")
      let crashing = try library("crashing")
      #expect(crashing.status == 1 && crashing.error.contains("killed by signal 11"))
      #expect(FileManager.default.fileExists(atPath: folder.path("crashing.json")))
      let beyond = try library("beyond")
      #expect(beyond.output.contains("infinite or NaN: 65,280"), "\(beyond.output)")
      let missing = try library("missing")
      #expect(missing.status == 69 && missing.error.contains("undefined symbol"))
    }
  }
}
