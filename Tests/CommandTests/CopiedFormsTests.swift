import Foundation
import TestSupport
import Testing

/// What `tools/forms` promises beside its functions.
@Suite struct `The form to copy in C` {
  private static let tools = TestPaths.package.appending(path: "tools")

  /// Compiles the form, or a changed one, as a library for `loss-oracle check`.
  private func library(
    _ flags: [String], in folder: TemporaryDirectory, changing text: String = "",
    to other: String = ""
  ) throws -> String {
    let form = folder.path("practical.c")
    var source = try String(
      contentsOf: Self.tools.appending(path: "forms/practical.c"), encoding: .utf8)
    if !text.isEmpty {
      try #require(source.contains(text))
      source = source.replacing(text, with: other)
    }
    try source.write(toFile: form, atomically: true, encoding: .utf8)
    let library = folder.path("form.so")
    let compiled = try Run(
      ["clang", "-O2", "-Wall", "-Werror", "-fPIC", "-shared", "-DFORM=\"\(form)\""] + flags
        + [Self.tools.appending(path: "check-forms.d/library.c").path, "-lm", "-o", library],
      of: URL(filePath: "/usr/bin/env"))
    try #require(compiled.status == 0, "\(compiled.error)")
    return library
  }

  private func check(_ function: String, in format: String, _ library: String) throws -> Run {
    try Run([
      "check", function, "--format", format, "--max-ulp", "4", "--cases", "20", "--search", "40",
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
