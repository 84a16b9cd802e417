import Foundation
import TestSupport
import Testing

@Suite struct `A check of loss and gradient together` {
  /// The gradient, of logits times `1 / divisor`, beside the loss of them times `scale`.
  private static let source = """
    #include <math.h>
    #include <stddef.h>
    #include <stdint.h>
    static double row(const float *x, int32_t t, size_t k, double scale, double inner, double divisor, float *g) {
      double m = -INFINITY, n = -INFINITY, s = 0, r = 0;
      for (size_t i = 0; i < k; i++) { m = fmax(m, scale * x[i]); n = fmax(n, inner * x[i]); }
      for (size_t i = 0; i < k; i++) { s += exp(scale * x[i] - m); r += exp(inner * x[i] - n); }
      for (size_t i = 0; i < k; i++) g[i] = (float)((exp(inner * x[i] - n) / r - ((size_t)t == i)) / divisor);
      return m + log(s) - scale * x[t];
    }
    #define ROWS(name, scale, inner) \\
      void name(const float *x, const int32_t *t, size_t rows, size_t k, float *loss, float *g) { \\
        for (size_t i = 0; i < rows; i++) loss[i] = (float)row(x + i * k, t[i], k, scale, inner, 1, g + i * k); }
    ROWS(right, 1, 1)
    ROWS(other_gradient, 1, 0.5)
    ROWS(both_scaled, 0.5, 0.5)
    void beyond(const float *x, const int32_t *t, size_t rows, size_t k, float *loss, float *g) {
      right(x, t, rows, k, loss, g);
      g[rows * k] = 0;
    }
    double of_row(const float *x, const int32_t *t, size_t k, double *g) {
      float f[64];
      double loss = row(x, t[0], k, 1, 1, 1, f);
      for (size_t i = 0; i < k; i++) g[i] = f[i];
      return loss;
    }
    #define MEAN(name, divisor) \\
      void name(const float *x, const int32_t *t, size_t rows, size_t k, float *loss, float *g) { \\
        double s = 0; \\
        for (size_t i = 0; i < rows; i++) s += row(x + i * k, t[i], k, 1, 1, divisor, g + i * k); \\
        *loss = (float)(s / (double)rows); }
    MEAN(mean, (double)rows)
    MEAN(mean_and_gradient_of_sum, 1)
    """

  private func withLibrary(_ body: (TemporaryDirectory, String) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let library = folder.path("loss.so")
      try compile(Self.source, to: library)
      try body(folder, library)
    }
  }

  private func check(_ library: String, _ symbol: String, _ more: [String] = []) throws -> Run {
    try Run(
      ["check", "cross-entropy", "--outputs", "loss,gradient", "--cases", "60", "--search", "60"]
        + ["--family", "normal", "--library", library, "--symbol", symbol] + more)
  }

  @Test func `by row finds the one that is not of the other`() throws {
    try withLibrary { folder, library in
      let right = try check(library, "right")
      #expect(right.status == 0, "\(right.output)\(right.error)")
      #expect(right.output.contains("one call: the gradient is that of the loss"))
      let other = try check(library, "other_gradient", ["--output", folder.path("reports")])
      #expect(other.status == 1, "\(other.error)")
      #expect(
        other.output.contains(
          "inconsistent: the loss is right, and the gradient is not that of it"),
        "\(other.output)")
      func report(_ name: String) throws -> String {
        String(
          decoding: try Data(contentsOf: URL(filePath: folder.path("reports/" + name))),
          as: UTF8.self)
      }
      #expect(try report("loss/report.json").contains("\"passed\" : true"))
      #expect(try report("gradient/report.json").contains("\"passed\" : false"))
      #expect(try report("together.json").contains("\"isConsistent\" : false"))
      let both = try check(library, "both_scaled")
      #expect(both.status == 1)
      #expect(
        both.output.contains("both are of another loss than was asked for (logits-scaled)"),
        "\(both.output)")
      let beyond = try check(library, "beyond")
      #expect(beyond.status == 1 && beyond.output.contains("writes beyond its outputs"))
    }
  }

  @Test func `takes signatures that name the gradient, and no others`() throws {
    try withLibrary { _, library in
      let rowByRow = try check(
        library, "of_row",
        ["--signature", "logits, targets, classes, gradient:float64 -> out:float64"])
      #expect(rowByRow.status == 64, "only of out a format can be said")
      let single = try check(
        library, "of_row", ["--signature", "logits, targets, classes, gradient -> out:float64"])
      #expect(single.status == 1 || single.status == 0, "\(single.error)")
      let without = try check(
        library, "right", ["--signature", "logits, targets, rows, classes, out"])
      #expect(without.status == 64 && without.error.contains("pass gradient"), "\(without.error)")
      let alone = try Run([
        "check", "cross-entropy", "--library", library, "--symbol", "right", "--signature",
        "logits, targets, rows, classes, out, gradient",
      ])
      #expect(
        alone.status == 64 && alone.error.contains("--outputs loss,gradient"), "\(alone.error)")
      for arguments in [["check", "softmax"], ["check", "cross-entropy-gradient"]] {
        let run = try Run(
          arguments + ["--outputs", "loss,gradient", "--library", library, "--symbol", "right"])
        #expect(run.status == 64 && run.error.contains("is for a loss"), "\(run.error)")
      }
    }
  }

  @Test func `by batch finds a gradient that is not of the mean, keeps and replays it`() throws {
    try withLibrary { folder, library in
      let mean = try check(library, "mean", ["--reduction", "mean"])
      #expect(mean.status == 0, "\(mean.output)\(mean.error)")
      #expect(mean.output.contains("one call: the gradient is that of the loss"))
      let file = folder.path("witnesses.json")
      let symbol = "mean_and_gradient_of_sum"
      let wrong = try check(
        library, symbol, ["--reduction", "mean", "--save-witness", file])
      #expect(wrong.status == 1, "\(wrong.error)")
      #expect(wrong.output.contains("inconsistent: the loss is right"), "\(wrong.output)")
      let kept = String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
      #expect(kept.contains("\"reduction\" : \"mean\"") && kept.contains("\"gradient\""))
      func replay(_ symbol: String) throws -> Run {
        try Run(["check", "--replay", file, "--library", library, "--symbol", symbol])
      }
      let again = try replay(symbol)
      #expect(again.status == 1 && again.output.contains("known"), "\(again.output)\(again.error)")
      let mended = try replay("mean")
      #expect(mended.status == 0, "\(mended.output)\(mended.error)")
      // As the Python package writes it.
      try Data(
        #"""
        {"schema": 1, "witnesses": [{"batch": [{"label": 1, "logits": ["0x1p+0", "0x0p+0"]},
        {"label": 0, "logits": ["0x1p+0", "0x1p+1"]}], "decimals": ["1", "0"], "failure": "inaccurate",
        "format": "float32", "function": "cross-entropy-gradient", "label": 1,
        "logits": ["0x1p+0", "0x0p+0"], "message": "output 1 is 1", "origin": "normal, seed 1",
        "outputs": ["loss", "gradient"], "reduction": "mean", "subject": "f", "ulps": 8388608.0}]}
        """#.utf8
      ).write(to: URL(filePath: file))
      #expect(try replay(symbol).status == 1 && replay("mean").status == 0)
    }
  }

  @Test func `of files reads the tensors loss and gradient`() throws {
    try withTemporaryDirectory { folder in
      let fixtures = folder.path("cases.safetensors")
      let made = try Run([
        "generate", "--function", "cross-entropy", "--family", "normal", "--count", "40",
        "--classes",
        "5", "--output", fixtures,
      ])
      try #require(made.status == 0, "\(made.error)")
      let loss = try Tensor("expected", in: fixtures)
      let gradient = try Tensor("logits", in: fixtures).softmax(
        lessOneAt: Tensor("targets", in: fixtures))
      let outputs = folder.path("outputs.safetensors")
      func check(_ gradient: Tensor, _ more: [String] = []) throws -> Run {
        try Tensor.write([("gradient", gradient), ("loss", loss)], to: outputs)
        return try Run(
          ["check", "cross-entropy", "--fixtures", fixtures, "--outputs", outputs] + more)
      }
      let right = try check(gradient)
      #expect(right.status == 0, "\(right.output)\(right.error)")
      #expect(right.output.contains("one call: the gradient is that of the loss"))
      var flipped = gradient
      for place in stride(from: 3, to: flipped.bytes.count, by: 4) { flipped.bytes[place] ^= 0x80 }
      let wrong = try check(flipped)
      #expect(wrong.status == 1 && wrong.output.contains("inconsistent: the loss is right"))
      #expect(wrong.output.contains("sign-flipped"), "\(wrong.output)")
    }
  }
}

@Suite struct `A check of files with the classes first` {
  @Test func `says in its report how the logits stand`() throws {
    try withTemporaryDirectory { folder in
      for (axis, shape) in [("0", #"\[classes, 40\]"#), ("1", #"\[outer, classes, 8\]"#)] {
        let fixtures = folder.path("cases\(axis).safetensors")
        let made = try Run(
          [
            "generate", "--function", "softmax", "--family", "normal", "--count", "40",
            "--classes", "5", "--class-axis", axis, "--output", fixtures,
          ] + (axis == "1" ? ["--inner", "8"] : []))
        try #require(made.status == 0, "\(made.error)")
        let outputs = folder.path("outputs.safetensors")
        try Tensor.write([("outputs", Tensor("expected", in: fixtures))], to: outputs)
        let run = try Run([
          "check", "softmax", "--fixtures", fixtures, "--outputs", outputs, "--report", "markdown",
        ])
        #expect(run.status == 0, "\(run.output)\(run.error)")
        #expect(run.output.contains(shape), "\(run.output.prefix(600))")
      }
    }
  }
}

/// A tensor of a safetensors file.
private struct Tensor {
  let shape: [Int]
  var bytes: [UInt8]

  init(_ name: String, in path: String) throws {
    let data = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let size = data[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: Data(data[8..<8 + size])) as? [String: Any]
    let entry = try #require(header?[name] as? [String: Any])
    shape = try #require(entry["shape"] as? [Int])
    let offsets = try #require(entry["data_offsets"] as? [Int])
    bytes = Array(data[8 + size + offsets[0]..<8 + size + offsets[1]])
  }

  /// The gradients of rows of float32 logits by their losses, in double.
  func softmax(lessOneAt targets: Tensor) -> Tensor {
    let logits = numbers(Float.self).map(Double.init)
    let size = targets.bytes.count / shape[0]
    let labels = (0..<shape[0]).map { Int(targets.bytes[$0 * size]) }
    var gradients: [Float] = []
    for (row, label) in labels.enumerated() {
      let powers = logits[row * shape[1]..<(row + 1) * shape[1]].map { exp($0) }
      let sum = powers.reduce(0, +)
      gradients += powers.indices.map { Float(powers[$0] / sum - ($0 == label ? 1 : 0)) }
    }
    var tensor = self
    tensor.bytes = gradients.withUnsafeBytes { Array($0) }
    return tensor
  }

  private func numbers<T>(_: T.Type) -> [T] {
    bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / MemoryLayout<T>.size).map {
        bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)
      }
    }
  }

  static func write(_ tensors: [(String, Tensor)], to path: String) throws {
    var (entries, body): ([String], [UInt8]) = ([], [])
    for (name, tensor) in tensors {
      let end = body.count + tensor.bytes.count
      entries.append(
        "\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(tensor.shape),\"data_offsets\":[\(body.count),\(end)]}"
      )
      body += tensor.bytes
    }
    let header = Array("{\(entries.joined(separator: ","))}".utf8)
    let size = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    try Data(size + header + body).write(to: URL(filePath: path))
  }
}
