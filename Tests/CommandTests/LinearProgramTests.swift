import Foundation
import TestSupport
import Testing

@Suite struct `Programs and libraries that compute a linear layer's loss` {
  private static let command =
    TestPaths.plainPython
    + [TestPaths.package.appending(path: "Tests/Programs/layer-program.py").path]

  private func check(_ arguments: [String], _ program: String...) throws -> Run {
    let command =
      program.isEmpty ? [] : ["--"] + Self.command + program.filter { $0 != "" }
    return try Run(["check", "linear-cross-entropy", "--cases", "2"] + arguments + command)
  }

  @Test func `are asked for losses and gradients, with options and a reduction`() throws {
    let right = try check([], "")
    #expect(right.status == 0, "\(right.output)\(right.error)")
    for text in ["weight_gradient", "ignored-rows", "passed"] {
      #expect(right.output.contains(text), "\(right.output)")
    }
    let options = #"{"softcap": 2, "scale": 1.5, "temperature": 0.75, "z_loss": 0.25}"#
    let optional = try check(
      ["--options", options, "--reduction", "mean", "--family", "normal"], "")
    #expect(optional.status == 0, "\(optional.output)\(optional.error)")
  }

  private static let mistakes = [
    ("logits", "", "logits-cast-down (bfloat16)"),
    ("labels", "", "label-of-another-row (the next)"),
    ("bias", "", "bias-left-out"),
    ("padding", "", "padding-counted (up to a multiple of 64)"),
    ("softcap", #"{"softcap": 0.5}"#, "softcap-left-out"),
    ("accumulation", "", "16-bit-accumulation (bfloat16, after each row)"),
    ("mean", "mean", "another-denominator (rows, as optax, jax, batchmean)"),
    ("smoothing", #"{"label_smoothing": 0.25}"#, "smoothing-left-out"),
    (
      "weights", #"{"class_weights": [0.5, 2, 1, 0.25, 4, 3, 0.125, 1.5, 2.5]}"#, "weights-left-out"
    ),
    ("upstream", "", "upstream-left-out"),
    ("slope", #"{"softcap": 0.5}"#, "gradient-by-capped-logits"),
  ]

  /// Every other one, those of options and reductions among them; `LOSS_ORACLE_CASES` asks for all.
  private static let some = mistakes.enumerated().filter {
    TestSeed.count(0) > 0 || $0.offset % 2 == 0
  }.map(\.element)

  @Test(arguments: some)
  func `have their mistake named`(_ mistake: String, _ setting: String, _ name: String) throws {
    let settings =
      setting.isEmpty ? [] : [setting.first == "{" ? "--options" : "--reduction", setting]
    let family = mistake == "mean" ? "ignored-rows" : "normal"
    let result = try check(
      settings + ["--cases", mistake == "mean" ? "4" : "2", "--family", family], mistake)
    #expect(result.status == 1, "\(result.error)")
    let named = result.output.split(separator: "\n").filter { $0.contains("; explains ") }
    #expect(!named.isEmpty && named.allSatisfy { $0.contains(name) }, "\(result.output)")
    #expect(result.output.contains("shrunk to"))
  }

  @Test func `divide a mean by what is named`() throws {
    func mean(_ denominator: String, _ mistake: String) throws -> Run {
      try check(
        ["--reduction", "mean", "--denominator", denominator, "--family", "ignored-rows"], mistake)
    }
    let byRows = try mean("optax", "mean")
    #expect(byRows.status == 0, "\(byRows.output)\(byRows.error)")
    #expect(byRows.output.contains("mean over rows"), "\(byRows.output)")
    #expect(try mean("values", "").status == 0)
    let other = try mean("keras", "mean")
    #expect(other.status == 1 && other.output.contains("another-denominator (rows, as optax"))
    for arguments in [
      ["--denominator", "rows"], ["--reduction", "sum", "--denominator", "rows"],
      ["--reduction", "mean", "--denominator", "x"],
    ] {
      #expect(try check(arguments, "").status == 64, "\(arguments)")
    }
  }

  @Test func `have passed only where something was compared`() throws {
    let lossOnly = try check(["--family", "normal"], "loss-only")
    #expect(lossOnly.status == 0, "\(lossOnly.output)")
    #expect(lossOnly.output.contains("left out: weight_gradient: no gradients"))
    let nothing = try check(["--family", "normal", "--format", "bfloat16"], "")
    #expect(nothing.status == 69 && nothing.error.contains("float32 alone"), "\(nothing.error)")
    let crash = try check(["--family", "cancelling-sums", "--cases", "4"], "crash")
    #expect(crash.status == 1 && crash.output.contains("exited with status 3"), "\(crash.output)")
    let missing = try Run(["check", "linear-cross-entropy", "--", "/nowhere/program"])
    #expect(missing.status == 69)
    let both = try Run([
      "check", "linear-cross-entropy", "--fixtures", "a", "--outputs", "b", "--", "true",
    ])
    #expect(both.status == 64)
  }

  @Test func `compute smoothed labels and weighted classes as the oracle does`() throws {
    for options in [
      #"{"label_smoothing": 0.25}"#,
      #"{"class_weights": [0.5, 2, 1, 0.25, 4], "label_smoothing": 0.5}"#,
    ] {
      let right = try check(["--options", options, "--reduction", "mean"], "")
      #expect(right.status == 0, "\(right.output)\(right.error)")
    }
  }

  @Test func `have found what a new process shows, too, and nothing else`() throws {
    try withTemporaryDirectory { folder in
      // The program takes up to half a second for a layer, and more on a machine that does much else.
      let few = ["--family", "normal", "--cases", "4", "--timeout", "4"]
      for mistake in ["exit once", "late once"] {
        let once = try check(few, mistake, folder.path(mistake))
        #expect(once.status == 0, "\(mistake): \(once.output)\(once.error)")
        #expect(once.output.contains("a new process that was asked the same did not repeat it"))
      }
      // More often than chance has it.
      let often = try check(few, "exit in each")
      #expect(often.status == 1 && often.output.contains("not deterministic"), "\(often.output)")
      let later = try check(few, "wrong later")
      #expect(later.status == 1 && later.output.contains("not deterministic"), "\(later.output)")
      #expect(!later.output.contains("shrunk to"))
      let hang = try check(few + ["--timeout", "1"], "hang")
      #expect(hang.status == 1 && hang.output.contains("no answer in 1.0 s"), "\(hang.output)")
    }
  }

  @Test func `are reported as JSON, and replayed`() throws {
    try withTemporaryDirectory { folder in
      let kept = folder.path("kept.safetensors")
      let found = try check(
        ["--report", "json", "--save-witness", kept, "--options", #"{"softcap": 0.5}"#], "softcap")
      #expect(found.status == 1, "\(found.error)")
      let report = try #require(
        JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [String: Any])
      #expect(report["verdict"] as? String == "fell short" && report["passed"] as? Bool == false)
      #expect(report["grade"] as? String == "falls-short" && report["schema"] as? Int == 1)
      let findings = try #require(report["findings"] as? [[String: Any]])
      #expect(findings.allSatisfy { $0["reproduction"] as? String == "by itself" })
      let layer = try #require(findings.first?["layer"] as? [String: Any])
      #expect(layer["rows"] as? Int == 1 && layer["hidden"] is [[String]])
      let diagnoses = try #require(report["diagnoses"] as? [[String: Any]])
      #expect(diagnoses.allSatisfy { $0["mistake"] as? String == "softcap-left-out" })
      let replay = ["check", "linear-cross-entropy", "--replay", kept, "--"] + Self.command
      let again = try Run(replay + ["softcap"])
      #expect(again.status == 1 && again.output.contains("known"), "\(again.output)\(again.error)")
      let mended = try Run(replay)
      #expect(mended.status == 0, "\(mended.output)\(mended.error)")
      let right = try check(["--report", "json", "--output", folder.path("out")], "")
      #expect(right.status == 0 && right.output.contains("passed"))
      let written = try String(contentsOfFile: folder.path("out/report.json"), encoding: .utf8)
      #expect(written.contains("\"passed\" : true"))
    }
  }

  @Test func `are reported in every layout, each with what was found and how to have it again`()
    throws
  {
    try withTemporaryDirectory { folder in
      let reports = ["json", "markdown", "junit", "html"].flatMap { ["--report", $0] }
      let kept = folder.path("kept.safetensors")
      let found = try check(
        ["--family", "normal", "--output", folder.path("out"), "--save-witness", kept] + reports,
        "labels")
      #expect(found.status == 1, "\(found.error)")
      func written(_ name: String) throws -> String {
        try String(contentsOfFile: folder.path("out/" + name), encoding: .utf8)
      }
      for name in ["report.md", "junit.xml", "report.html"] {
        let text = try written(name)
        for part in [
          "linear-cross-entropy weight", "label-of-another-row", "inaccurate", "normal",
          "Fell short of common", "exact ",
        ] where name != "junit.xml" || part.first?.isUppercase != true {
          #expect(text.replacing("\\_", with: "_").contains(part), "\(part) in \(name): \(text)")
        }
      }
      for name in ["report.md", "report.html"] {
        #expect(
          try written(name).contains(
            "check linear-cross-entropy --replay \(kept) -- \(Self.command[0])"))
      }
      let junit = try written("junit.xml")
      // The biases' gradient adds up the same labels.
      #expect(junit.contains("tests=\"4\" failures=\"3\" errors=\"0\""), "\(junit)")
      // Without a folder a report is all of stdout, and a folder takes several.
      let markdown = try check(["--family", "normal", "--report", "markdown"], "")
      #expect(markdown.status == 0 && markdown.output.hasPrefix("# linear-cross-entropy"))
      #expect(markdown.output.contains("| layers |") && markdown.output.contains("**Passed as"))
      #expect(try check(["--report", "markdown", "--report", "json"], "").status == 64)
      let open = try check(["--family", "normal", "--format", "bfloat16", "--report", "junit"], "")
      #expect(open.status == 69 && open.output.contains("<error message="), "\(open.output)")
    }
  }

  @Test func `leave a shrunk layer that files judge the same`() throws {
    try withTemporaryDirectory { folder in
      let layer = folder.path("layer.safetensors")
      let found = try check(["--family", "normal", "--save-layer", layer], "bias")
      #expect(found.status == 1)
      let exact = folder.path("exact.safetensors")
      let evaluated = try Run([
        "evaluate", "linear-cross-entropy", "--input", layer, "--output", exact,
      ])
      #expect(evaluated.status == 0, "\(evaluated.error)")
    }
  }

  @Test func `are called as functions of a library`() throws {
    try withTemporaryDirectory { folder in
      let source = """
        #include <math.h>
        #include <stddef.h>
        #include <stdint.h>
        void loss(const float *h, const float *w, const float *b, const int32_t *t, size_t rows,
                  size_t classes, size_t width, float *out) {
          for (size_t r = 0; r < rows; r++) {
            double max = -INFINITY, sum = 0, own = 0;
            for (int pass = 0; pass < 2; pass++)
              for (size_t c = 0; c < classes; c++) {
                double x = b ? b[c] : 0;
                for (size_t k = 0; k < width; k++) x += (double)h[r * width + k] * w[c * width + k];
                if (c == (size_t)t[r]) own = x;
                if (pass) sum += exp(x - max); else max = fmax(max, x);
              }
            out[r] = (float)(log(sum) + (max - own));
          }
        }
        void without_bias(const float *h, const float *w, const int64_t *t, size_t rows,
                          size_t classes, size_t width, float *out) {
          loss(h, w, NULL, (const int32_t *)t, 0, classes, width, out);
          for (size_t r = 0; r < rows; r++) {
            int32_t label = (int32_t)t[r];
            loss(h + r * width, w, NULL, &label, 1, classes, width, out + r);
          }
        }
        void whole(const float *h, const float *w, const float *b, const int32_t *t, const float *u,
                   size_t rows, size_t classes, size_t width, float *out) {
          for (size_t i = 0; i < rows * width; i++) out[i] = 0;
          for (size_t r = 0; r < rows; r++) {
            double max = -INFINITY, sum = 0, x[2048];
            for (size_t c = 0; c < classes; c++) {
              x[c] = b ? 0.5 * b[c] : 0;
              for (size_t k = 0; k < width; k++) x[c] += 0.5 * h[r * width + k] * w[c * width + k];
              max = fmax(max, x[c]);
            }
            for (size_t c = 0; c < classes; c++) sum += exp(x[c] - max);
            for (size_t k = 0; k < width; k++) {
              double total = 0;
              for (size_t c = 0; c < classes; c++)
                total += (exp(x[c] - max) / sum - (c == (size_t)t[r])) * w[c * width + k];
              out[r * width + k] = (float)(0.5 * total * (u ? u[r] : 1));
            }
          }
        }
        void gradient(const float *h, const float *w, const int32_t *t, const float *u, size_t rows,
                      size_t classes, size_t width, float *out) {
          whole(h, w, NULL, t, u, rows, classes, width, out);
        }
        void deaf(const float *h, const float *w, const float *b, const int32_t *t, const float *u,
                  size_t rows, size_t classes, size_t width, float *out) {
          whole(h, w, b, t, NULL, rows, classes, width, out);
        }
        void beyond(const float *h, const float *w, const float *b, const int32_t *t, size_t rows,
                    size_t classes, size_t width, float *out) { out[rows] = 1; }
        """
      try compile(source, to: folder.path("k.so"))
      func library(_ symbol: String, _ more: String...) throws -> Run {
        try check(["--library", folder.path("k.so"), "--symbol", symbol] + more)
      }
      let right = try library("loss")
      #expect(right.status == 0, "\(right.output)\(right.error)")
      let asAnother = try library("loss", "--of", "weight_gradient")
      #expect(asAnother.status == 1, "\(asAnother.output)")
      let plain = try library(
        "without_bias", "--signature", "hidden, weight, targets:int64, rows, classes, width, out")
      #expect(plain.status == 0, "\(plain.output)\(plain.error)")
      #expect(plain.output.contains("left out: loss: the signature has no bias"))
      func gradient(_ symbol: String, _ inputs: String, _ more: String...) throws -> Run {
        try check(
          ["--library", folder.path("k.so"), "--symbol", symbol, "--of", "hidden_gradient"]
            + ["--signature", "hidden, weight, \(inputs), rows, classes, width, out"]
            + ["--family", "normal", "--cases", "8"] + more)
      }
      let scale = ["--options", #"{"scale": 0.5}"#]
      let both = "bias, targets, grad_output"
      let whole = try gradient("whole", both, scale[0], scale[1])
      #expect(whole.status == 0 && !whole.output.contains("left out"), "\(whole.output)")
      let deaf = try gradient("deaf", both, scale[0], scale[1])
      #expect(deaf.status == 1 && deaf.output.contains("upstream-left-out"), "\(deaf.output)")
      #expect(try gradient("whole", both + ", 1").status == 64)
      let scaled = try gradient("gradient", "targets, grad_output", scale[0], scale[1])
      #expect(scaled.status == 0, "\(scaled.output)\(scaled.error)")
      #expect(scaled.output.contains("hidden_gradient: the signature has no bias (4 ×)"))
      #expect(try gradient("gradient", "targets, grad_output").status == 1)
      let beyond = try library("beyond")
      #expect(beyond.status == 1 && beyond.output.contains("writes beyond its outputs"))
      #expect(try library("missing").status == 69)
      #expect(try library("loss", "--signature", "logits, out, n").status == 64)
    }
  }
}
