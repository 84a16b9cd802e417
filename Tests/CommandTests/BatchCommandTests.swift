import Foundation
import TestSupport
import Testing

@Suite struct `A check with a reduction` {
  private static let source = """
    #include <math.h>
    #include <stddef.h>
    static float sum(const float *z, const float *y, size_t n) {
      double s = 0;
      for (size_t i = 0; i < n; i++) s += fmaxf(z[i], 0) - (double)z[i] * y[i] + log1p(exp(-fabs(z[i])));
      return (float)s;
    }
    void mean_loss(const float *z, const float *y, size_t n, size_t k, float *out) { *out = sum(z, y, n) / n; }
    void sum_loss(const float *z, const float *y, size_t n, size_t k, float *out) { *out = sum(z, y, n); }
    """

  @Test func `asks a library for one value of each batch`() throws {
    try withTemporaryDirectory { folder in
      let library = folder.path("loss.so")
      try compile(Self.source, to: library)
      let check = [
        "check", "binary-cross-entropy", "--reduction", "mean", "--cases", "80", "--family",
        "normal", "--family", "uneven-sums", "--library", library, "--symbol",
      ]
      let right = try Run(check + ["mean_loss"])
      #expect(right.status == 0 && right.output.contains("passed as common"), "\(right.output)")
      #expect(right.output.contains("left out: 1 batches: a batch without rows"))
      let wrong = try Run(check + ["sum_loss"])
      #expect(wrong.status == 1, "\(wrong.output)")
      #expect(wrong.output.contains("denominator  the sum, divided by nothing explains"))
    }
  }

  @Test func `judges one number for all rows of a file`() throws {
    try withTemporaryDirectory { folder in
      let (fixtures, outputs) = (folder.path("rows.safetensors"), folder.path("mean.npy"))
      let made = try Run([
        "generate", "--function", "cross-entropy", "--family", "normal", "--count", "50",
        "--output", fixtures,
      ])
      try #require(made.status == 0, "\(made.error)")
      func run(_ value: Float) throws -> Run {
        try Self.npy(value).write(to: URL(filePath: outputs))
        return try Run([
          "check", "cross-entropy", "--reduction", "mean", "--fixtures", fixtures, "--outputs",
          outputs, "--report", "json",
        ])
      }
      let wrong = try run(1)
      #expect(wrong.status == 1, "\(wrong.error)")
      let exact = try #require(wrong.output.firstMatch(of: /"exact"\s*:\s*\[\s*"([^"]+)"/))
      let right = try run(try #require(Float(String(exact.1))))
      #expect(right.status == 0, "\(right.output)")
      #expect(right.output.contains("\"passed\""))
    }
  }

  /// Tensors of float32 logits of two classes and of labels, as they come from elsewhere.
  private static func tensors(_ logits: [Float], _ labels: [Int64]) -> Data {
    let (size, end) = (labels.count * 8, labels.count * 16)
    func tensor(_ type: String, _ shape: String, _ range: String) -> String {
      #"{"dtype":"\#(type)","shape":[\#(shape)],"data_offsets":[\#(range)]}"#
    }
    let header =
      #"{"logits":\#(tensor("F32", "\(labels.count),2", "0,\(size)")),"#
      + #""targets":\#(tensor("I64", "\(labels.count)", "\(size),\(end)"))}"#
    var data = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    data += Data(header.utf8)
    for value in logits {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    for label in labels {
      withUnsafeBytes(of: label.littleEndian) { data.append(contentsOf: $0) }
    }
    return data
  }

  // log 2 = 0.6931472: the loss of equal logits.
  @Test(arguments: [
    ("mean", [Int64](), Float.nan, Int32(0)), ("sum", [], 0, 0), ("sum", [], 1, 1),
    ("mean", [-100, -100], .nan, 0), ("sum", [-100, -100], 0, 0), ("sum", [-100, -100], 1, 1),
    ("mean", [-100, 1], 0.6931472, 0), ("mean", [-100, 1], 0.3465736, 1),
    ("mean", [0], 0.6931472, 0), ("none", [-100], 0, 0), ("none", [-100], 1, 1),
  ])
  func `judges a file of no row, of ignored ones alone, or of one`(
    _ reduction: String, _ labels: [Int64], _ value: Float, _ status: Int32
  ) throws {
    try withTemporaryDirectory { folder in
      let (fixtures, outputs) = (folder.path("rows.safetensors"), folder.path("out.npy"))
      try Self.tensors([Float](repeating: 0.5, count: 2 * labels.count), labels)
        .write(to: URL(filePath: fixtures))
      try Self.npy(value).write(to: URL(filePath: outputs))
      let run = try Run([
        "check", "cross-entropy", "--reduction", reduction, "--fixtures", fixtures, "--outputs",
        outputs, "--options", #"{"ignore_index": -100}"#, "--special-values", "strict",
      ])
      #expect(run.status == status, "\(run.output)\(run.error)")
    }
  }

  @Test func `tells what one number for all rows of a file was divided by`() throws {
    try withTemporaryDirectory { folder in
      let (fixtures, outputs) = (folder.path("rows.safetensors"), folder.path("out.npy"))
      try Self.tensors([0, 0, 0, 0, 0, 0], [0, -100, 1]).write(to: URL(filePath: fixtures))
      // Two thirds of log 2, and a number that is none of them.
      for (value, isTold) in [(Float(0.46209812), true), (0.61, false)] {
        try Self.npy(value).write(to: URL(filePath: outputs))
        let run = try Run([
          "check", "cross-entropy", "--reduction", "mean", "--fixtures", fixtures, "--outputs",
          outputs, "--options", #"{"ignore_index": -100}"#,
        ])
        #expect(run.status == 1)
        #expect(run.output.contains("--denominator rows") == isTold, "\(run.output)")
      }
    }
  }

  @Test func `is for losses, and a denominator for means`() throws {
    for arguments in [
      ["check", "softmax", "--reduction", "mean", "--", "true"],
      ["check", "cross-entropy", "--reduction", "sum", "--denominator", "rows", "--", "true"],
      ["check", "cross-entropy", "--denominator", "keras", "--", "true"],
      ["check", "cross-entropy", "--reduction", "mean", "--denominator", "x", "--", "true"],
    ] {
      #expect(try Run(arguments).status == 64, "\(arguments)")
    }
  }

  @Test func `writes all reports to a folder`() throws {
    try withTemporaryDirectory { folder in
      let (fixtures, outputs) = (folder.path("rows.safetensors"), folder.path("mean.npy"))
      let made = try Run([
        "generate", "--function", "cross-entropy", "--family", "normal", "--count", "50",
        "--options", #"{"denominator": "kl_div"}"#, "--output", fixtures,
      ])
      try #require(made.status == 0, "\(made.error)")
      try Self.npy(1).write(to: URL(filePath: outputs))
      let reports = ["json", "markdown", "junit", "html"].flatMap { ["--report", $0] }
      let run = try Run(
        ["check", "cross-entropy", "--reduction", "mean", "--fixtures", fixtures, "--outputs"]
          + [outputs, "--output", folder.path("reports")] + reports)
      #expect(run.status == 1, "\(run.error)")
      #expect(run.output.contains("mean over values of batches"), "\(run.output)")
      for name in ["report.json", "report.md", "junit.xml", "report.html"] {
        let text = String(
          decoding: try Data(contentsOf: URL(filePath: folder.path("reports/" + name))),
          as: UTF8.self)
        #expect(text.contains("values") && text.contains("inaccurate"), "\(name)")
      }
      let other = try Run([
        "check", "cross-entropy", "--reduction", "mean", "--denominator", "rows", "--fixtures",
        fixtures, "--outputs", outputs,
      ])
      #expect(other.status == 64 && other.error.contains("differs from"), "\(other.error)")
    }
  }

  /// A file of one number.
  private static func npy(_ value: Float) -> Data {
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"
    header += String(repeating: " ", count: 118 - header.utf8.count - 1) + "\n"
    var data = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 118, 0]) + Data(header.utf8)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    return data
  }
}
