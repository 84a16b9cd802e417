import Foundation
import TestSupport
import Testing

@Suite struct `loss-oracle check` {
  private static let program = TestPaths.product("misbehaving-program")

  private func check(_ arguments: [String]) throws -> Run {
    try Run(["check"] + arguments)
  }

  @Test func `passes a program that is right, and names one that is not`() throws {
    let right = try check([
      "softplus", "--cases", "20", "--max-ulp", "0.5", "--", Self.program, "none",
    ])
    #expect(right.status == 0 && right.output.hasSuffix("passed as ulp:0.5\n"), "\(right.error)")
    let wrong = try check([
      "softplus", "--cases", "20", "--family", "few-bits", "--", Self.program, "abort",
    ])
    #expect(wrong.status == 1 && wrong.output.contains("softplus in float32: crash"))
    #expect(wrong.output.contains("was killed by signal 6 (abort)"))
    // The line that is shown judges this case alone, and comes to the same.
    let marker = "  replay   loss-oracle "
    let line = try #require(wrong.output.split(separator: "\n").first { $0.hasPrefix(marker) })
    let again = try Run(
      ["bash", "-c", "\(TestPaths.command.path) \(line.dropFirst(marker.count))"],
      of: URL(filePath: "/usr/bin/env"))
    #expect(again.status == 1 && again.output.contains("softplus in float32: crash"))
    #expect(again.output.contains("\nknown       1 "), "\(again.output)")
  }

  @Test(arguments: [
    (["softplus"], 64, "Give what to check"),
    (["softplus", "--library", "x.so", "--", "true"], 64, "Give what to check"),
    (["softplus", "--library", "x.so"], 64, "--symbol"),
    (["softplus", "--fixtures", "a.json"], 64, "--outputs"),
    (["softplus", "--classes", "9-2", "--", "true"], 64, "--classes"),
    (["softplus", "--family", "tie", "--", "true"], 64, "There is no family"),
    (["softplus", "--max-ulp", "-1", "--", "true"], 64, "--max-ulp"),
    (["softplus", "--options", "{\"pos_weight\":2}", "--", "true"], 64, "pos_weight"),
    (["cross-entropy", "--options", "[1]", "--", "true"], 64, "--options"),
    (["softplus", "--", "/nowhere/program"], 69, "cannot start"),
    (["softplus", "--", program, "unable"], 69, "no module named losses"),
    (["softplus", "--library", "/nowhere.so", "--symbol", "f"], 66, "no library"),
    (["softplus", "--fixtures", "/nowhere.json", "--outputs", "/nowhere.npy"], 66, "nowhere.json"),
    (["softplus", "--replay", "/nowhere.json", "--", program], 66, "nowhere.json"),
    (["--", program], 64, "Give the function"),
    (["softplus", "--save-witness", "/dev/null", "--", program, "none"], 73, "no plain file"),
    (["softplus", "--output", "/dev/null", "--", program, "none"], 73, "Not a directory"),
    (["softplus", "--output", "", "--", program, "none"], 64, "must not be empty"),
    (["softplus", "--save-witness", "", "--", program, "none"], 64, "must not be empty"),
    (["softplus", "--cases", "2305843009213693952", "--", program], 64, "--cases"),
  ])
  func `tells what is wrong with what it is asked`(
    _ arguments: [String], _ status: Int32, _ message: String
  ) throws {
    let result = try check(arguments)
    #expect(result.status == status, "\(result.error)")
    #expect(result.error.contains(message), "\(result.error)")
    #expect(result.output.isEmpty)
  }

  @Test func `keeps failing cases, and judges them alone again`() throws {
    try withTemporaryDirectory { folder in
      let file = folder.path("witnesses.json")
      let first = try check([
        "softplus", "--cases", "20", "--family", "few-bits", "--save-witness", file, "--",
        Self.program, "exit",
      ])
      #expect(first.status == 1)
      // The file says what it is about.
      let again = try check(["--replay", file, "--", Self.program, "exit"])
      #expect(again.status == 1 && again.output.contains("known"))
      let mended = try check([
        "--replay", file, "--save-witness", file, "--", Self.program, "none",
      ])
      #expect(mended.status == 0)
      let kept = try String(contentsOfFile: file, encoding: .utf8)
      #expect(kept.contains("\"fixed\" : true") && kept.contains("\"failure\" : \"crash\""))
      let other = try check(["sigmoid", "--replay", file, "--", Self.program, "none"])
      #expect(other.status == 65 && other.error.contains("no witness of sigmoid"))
    }
  }

  @Test func `writes every kind of report`() throws {
    try withTemporaryDirectory { folder in
      let result = try check([
        "softplus", "--cases", "5", "--report", "json", "--report", "markdown", "--report", "junit",
        "--report", "html", "--output", folder.path("out"), "--", Self.program, "exit",
      ])
      #expect(result.status == 1)
      func text(_ name: String) throws -> String {
        try String(contentsOfFile: folder.path("out/" + name), encoding: .utf8)
      }
      let report = try #require(
        try JSONSerialization.jsonObject(with: Data(text("report.json").utf8)) as? [String: Any])
      #expect(report["passed"] as? Bool == false && report["schema"] as? Int == 1)
      #expect(try text("report.md").contains("**Fell short of common.**"))
      let junit = try text("junit.xml")
      #expect(junit.contains("<failure message=\"crash"))
      #expect(junit.components(separatedBy: "<testcase").count > 10)
      #expect(try text("report.html").contains("exited with status 3"))
    }
  }

  @Test func `calls a function of a C library in a process of its own`() throws {
    try withTemporaryDirectory { folder in
      let source = """
        #include <stddef.h>
        #include <math.h>
        void right(const float *z, const float *y, size_t n, size_t k, float *out) {
          for (size_t i = 0; i < n; i++) out[i] = log1pf(expf(-fabsf(z[i]))) + fmaxf(z[i], 0);
        }
        void crashing(const float *z, const float *y, size_t n, size_t k, float *out) {
          for (size_t i = 0; i < n; i++) {
            if (z[i] > 3) *(volatile int *)8 = 1;
            out[i] = log1pf(expf(-fabsf(z[i]))) + fmaxf(z[i], 0);
          }
        }
        void beyond(const float *z, const float *y, size_t n, size_t k, float *out) { out[n] = 1; }
        """
      try compile(source, to: folder.path("k.so"))
      func library(_ symbol: String) throws -> Run {
        try check([
          "softplus", "--cases", "20", "--family", "few-bits", "--library", folder.path("k.so"),
          "--symbol", symbol,
        ])
      }
      let right = try library("right")
      #expect(right.status == 0, "\(right.output)")
      let crashing = try library("crashing")
      #expect(crashing.status == 1 && crashing.output.contains("segmentation fault"))
      let beyond = try library("beyond")
      #expect(beyond.status == 1 && beyond.output.contains("writes beyond its outputs"))
      let missing = try library("missing")
      #expect(missing.status == 69 && missing.error.contains("undefined symbol"))
    }
  }

  @Test(arguments: [("tail", 1), ("above", 1025)])
  func `shrinks what is wrong on long rows only, in little memory`(
    _ symbol: String, _ classCount: Int
  ) throws {
    try withTemporaryDirectory { folder in
      let source = """
        #include <stddef.h>
        #include <stdint.h>
        #include <math.h>
        static void loss(
            const float *x, const int32_t *t, size_t n, size_t k, float *out, float error) {
          for (size_t i = 0; i < n; i++, x += k) {
            double max = -INFINITY, sum = 0;
            for (size_t j = 0; j < k; j++) max = fmax(max, x[j]);
            for (size_t j = 0; j < k; j++) sum += exp(x[j] - max);
            out[i] = (float)(log(sum) - (x[t[i]] - max)) + error;
          }
        }
        void tail(const float *x, const int32_t *t, size_t n, size_t k, float *out) {
          loss(x, t, n, k, out, k % 8 ? 0.5f : 0);
        }
        void above(const float *x, const int32_t *t, size_t n, size_t k, float *out) {
          loss(x, t, n, k, out, k > 1024 ? 0.5f : 0);
        }
        """
      try compile(source, to: folder.path("k.so"))
      let result = try Run(
        [
          "bash", "-c", "ulimit -v 600000; exec \"$@\"", "bash", TestPaths.command.path, "check",
          "cross-entropy", "--classes", "20001", "--cases", "1", "--family", "normal", "--search",
          "0", "--library", folder.path("k.so"), "--symbol", symbol,
        ], of: URL(filePath: "/usr/bin/env"))
      #expect(result.status == 1, "\(result.error)")
      let count = classCount > 16 ? "logits   0*\(classCount)\n" : "logit    0\n"
      #expect(result.output.contains(count), "\(result.output)")
    }
  }
}
