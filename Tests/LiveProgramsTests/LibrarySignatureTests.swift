import Checking
import FloatFormats
import Foundation
import LossFunctions
import TestSupport
import Testing

@Suite struct `A signature` {
  @Test(arguments: LossFunction.allCases)
  func `is shown as C that compiles, and so is the shim`(function: LossFunction) throws {
    // Every third, another by each function; `LOSS_ORACLE_CASES` asks for all.
    let step = TestSeed.count(0) > 0 ? 1 : 3
    let first = (LossFunction.allCases.firstIndex(of: function) ?? 0) % step
    var code = ""
    for (place, format) in FloatFormat.catalogue.enumerated() where place % step == first {
      let advice = LibrarySignature.standard.advice(calling: "f\(place)", function, in: format)
      code +=
        advice.split(separator: "\n").filter {
          $0.hasPrefix("    ") && !$0.contains("shim.c")
        }.joined(separator: "\n").replacing("yours", with: "yours\(place)") + "\n"
    }
    try withTemporaryDirectory { folder in
      let path = folder.path("shims.c")
      // The declarations come first, and need the types too.
      try "#include <stddef.h>\n#include <stdint.h>\n\(code)".write(
        toFile: path, atomically: true, encoding: .utf8)
      let compiler = Process()
      compiler.executableURL = URL(filePath: "/usr/bin/env")
      compiler.arguments = [
        "clang", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", path,
      ]
      try compiler.run()
      compiler.waitUntilExit()
      #expect(compiler.terminationStatus == 0, "\(code)")
    }
  }

  @Test(arguments: [
    "", "logits", "out", "logits, out, out", "logits, out -> out", "logits -> out -> out",
    "logits, out:float7", "logits, targets:int16, out", "logit, out", "target, logit -> out",
    "logits, target, out", "1, 2, 3, 4, 5, 6, 7, 8, logits, out", "logits,, out",
  ])
  func `that makes no sense is refused`(text: String) {
    #expect(throws: LibrarySignatureError.self) { _ = try LibrarySignature(parsing: text) }
  }

  @Test func `fits the function or is refused`() throws {
    func validate(_ text: String, _ function: LossFunction, _ format: FloatFormat) throws {
      try LibrarySignature(parsing: text).validate(for: function, in: format)
    }
    #expect(throws: LibrarySignatureError.targetsMissing(.crossEntropy)) {
      try validate("logits, out, rows, classes", .crossEntropy, .float32)
    }
    #expect(throws: LibrarySignatureError.needsPointers(.softmax)) {
      try validate("logit -> out", .softmax, .float32)
    }
    #expect(throws: LibrarySignatureError.needsOutputs(.softmax)) {
      try validate("logits, classes -> out", .softmax, .float32)
    }
    #expect(throws: LibrarySignatureError.notByValue(.bfloat16)) {
      try validate("logit -> out", .sigmoid, .bfloat16)
    }
    #expect(throws: LibrarySignatureError.noLabels(.binaryCrossEntropy)) {
      try validate("logits, targets:int64, out, n", .binaryCrossEntropy, .float32)
    }
    try validate("logits,targets:int64,classes->out:float64", .crossEntropy, .bfloat16)
    #expect(throws: LibrarySignatureError.takesGradOutput) {
      try validate(
        "logits, targets, grad_output, rows, classes, out", .crossEntropyGradient, .float32)
    }
    #expect(throws: LibrarySignatureError.needsGradOutput) {
      try LibrarySignature.standard.validate(
        for: .crossEntropyGradient, in: .float32, gradOutput: .row)
    }
    try LibrarySignature.upstream.validate(
      for: .crossEntropyGradient, in: .float32, gradOutput: .row)
    try validate("logits, grad_output, rows, classes, out", .softmaxGradient, .float32)
    for text in ["logits, rows, classes, out", "logits, inner, classes, out"] {
      #expect(throws: LibrarySignatureError.needsInner) {
        try LibrarySignature(parsing: text).validate(
          for: .softmax, in: .float32, layout: RowLayout(inner: 3))
      }
    }
    try LibrarySignature.strided.validate(
      for: .crossEntropy, in: .float32, layout: RowLayout(inner: 3))
    #expect(try LibrarySignature(parsing: LibrarySignature.strided.text) == .strided)
  }
}
