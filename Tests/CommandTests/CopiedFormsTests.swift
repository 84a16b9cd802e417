import Foundation
import TestSupport
import Testing

/// What `tools/forms` promises beside its functions.
@Suite struct `The form to copy in C` {
  private static let tools = TestPaths.package.appending(path: "tools")

  /// The path of a copy of the form, or of a changed one.
  private func form(
    in folder: TemporaryDirectory, changing text: String, to other: String
  ) throws -> String {
    let form = folder.path("practical.c")
    var source = try String(
      contentsOf: Self.tools.appending(path: "forms/practical.c"), encoding: .utf8)
    if !text.isEmpty {
      try #require(source.contains(text))
      source = source.replacing(text, with: other)
    }
    try source.write(toFile: form, atomically: true, encoding: .utf8)
    return form
  }

  /// Compiles it as a library for `loss-oracle check`.
  private func library(
    _ flags: [String], in folder: TemporaryDirectory, changing text: String = "",
    to other: String = ""
  ) throws -> String {
    let form = try form(in: folder, changing: text, to: other)
    let library = folder.path("form.so")
    let compiled = try Run(
      ["clang", "-O2", "-Wall", "-Werror", "-fPIC", "-shared", "-DFORM=\"\(form)\""] + flags
        + [Self.tools.appending(path: "check-forms.d/library.c").path, "-lm", "-o", library],
      of: URL(filePath: "/usr/bin/env"))
    try #require(compiled.status == 0, "\(compiled.error)")
    return library
  }

  /// The loss of a row of many zeros and a last logit, with smoothing 0.1 and the first class as label, in float32.
  private func smoothedLoss(
    of last: Float, classCount: Int, in folder: TemporaryDirectory, changing text: String = "",
    to other: String = ""
  ) throws -> Float {
    let form = try form(in: folder, changing: text, to: other)
    let (main, program) = (folder.path("main.c"), folder.path("long-row"))
    try """
    #include "\(form)"
    #include <stdio.h>
    static float x[\(classCount)];
    int main(void) {
      x[\(classCount - 1)] = \(last);
      printf("%a", cross_entropy(x, 0, \(classCount), 0, (options){.label_smoothing = 0.1, .ignore_index = -1}));
    }
    """.write(toFile: main, atomically: true, encoding: .utf8)
    let compiled = try Run(
      ["clang", "-O2", "-Wall", "-Werror", main, "-lm", "-o", program],
      of: URL(filePath: "/usr/bin/env"))
    try #require(compiled.status == 0, "\(compiled.error)")
    return try #require(Float(try Run([], of: URL(filePath: program)).output))
  }

  /// Its error in ulps. Of a row of few different numbers doubles are exact enough.
  private func ulps(_ loss: Float, of last: Float, classCount: Int) -> Double {
    let (last, others) = (Double(last), Double(classCount - 1))
    let exact = (0.9 + 0.1 / Double(classCount) * others) * last + log1p(others * exp(-last))
    return abs(Double(loss) - exact) / Double(Float(exact).ulp)
  }

  @Test(arguments: [8.84, 10.36] as [Float])
  func `is within 4 ulp of smoothed labels in rows of many equal terms`(_ last: Float) throws {
    try withTemporaryDirectory { folder in
      let loss = try smoothedLoss(of: last, classCount: 200_000, in: folder)
      #expect(ulps(loss, of: last, classCount: 200_000) < 4)
      // What is lost, if it only grows, is rounded too.
      let other = try smoothedLoss(
        of: last, classCount: 200_000, in: folder, changing: "fold(i, &head, &lost)", to: "0")
      #expect(ulps(other, of: last, classCount: 200_000) > 100)
    }
  }

  private func check(_ function: String, in format: String, _ library: String) throws -> Run {
    try Run([
      "check", function, "--format", format, "--max-ulp", "4", "--cases", "8", "--search", "16",
      "--classes", "1-20", "--library", library,
      "--symbol", "check_" + function.replacing("-", with: "_"),
    ])
  }

  @Test(arguments: [
    (
      "float32", ["-DSTORED=float"],
      ["cross-entropy", "cross-entropy-gradient", "softmax", "log-softmax", "binary-cross-entropy"]
    ),
    ("float64", ["-DSTORED=double", "-DREAL_IS_DOUBLE"], ["cross-entropy", "sigmoid"]),
    ("bfloat16", ["-DBFLOAT16"], ["cross-entropy-gradient"]),
  ])
  func `is within 4 ulp on every row`(
    _ format: String, _ flags: [String], _ functions: [String]
  ) throws {
    try withTemporaryDirectory { folder in
      let library = try library(flags, in: folder)
      for function in functions {
        let run = try check(function, in: format, library)
        #expect(run.status == 0, "\(function) in \(format): \(run.output)")
      }
    }
  }

  @Test(arguments: [
    // The error of a difference, the sum's, the terms below the normal range, and the share of the rest.
    ("b = where(a >= LEAST, b)", "b = 0", "cross-entropy"),
    ("log_of_one_plus(rest, e + b * down)", "log(1 + rest)", "cross-entropy"),
    ("SCALE = 100", "SCALE = 0", "cross-entropy"),
    ("x[i] == r.max && 2 * target > total", "0", "cross-entropy-gradient"),
  ])
  func `falls short without any of what it adds to the common one`(
    _ text: String, _ other: String, _ function: String
  ) throws {
    try withTemporaryDirectory { folder in
      let library = try library(["-DSTORED=float"], in: folder, changing: text, to: other)
      let run = try check(function, in: "float32", library)
      #expect(run.status == 1, "\(run.output)")
    }
  }
}
