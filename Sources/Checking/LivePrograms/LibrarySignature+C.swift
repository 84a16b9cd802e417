public import FloatFormats
public import LossFunctions
internal import SmallFoundation

// A signature as C has it, for those whose function has another one.

extension LibrarySignature {
  /// What is called for a function and a format, and what to do where the library's function is another.
  public func advice(
    calling symbol: String, _ function: LossFunction, in format: FloatFormat
  ) -> String {
    if parameters.contains(.inner) || isJoint {
      return """
        For \(function) in \(format) it is called as

        \(indented(declaration(of: symbol, function, format) + ";"))

        \(meaning(function, format).joined(separator: "\n"))

        A function that takes other parameters is called as --signature says.
        """
    }
    return """
      For \(function) in \(format) it is called as

      \(indented(declaration(of: symbol, function, format) + ";"))

      \(meaning(function, format).joined(separator: "\n"))

      A function that takes other parameters is called as --signature says, such as
      \(Self.example(function)); or through a shim, made a library by

          cc -shared -fPIC shim.c -o libshim.so YOUR-LIBRARY

      \(indented(Self.shim(of: symbol, function, format)))
      """
  }

  private func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
      .joined(separator: "\n")
  }

  /// The declaration, on lines of a hundred characters.
  func declaration(of symbol: String, _ function: LossFunction, _ format: FloatFormat) -> String {
    let output = Self.cType(outputFormat(format))
    let start = "\(returnsOutput ? output : "void") \(symbol)("
    let parts = parameters.enumerated().map { place, parameter in
      switch parameter {
      case .logits: "const \(Self.cType(format)) *logits"
      case .targets: "const \(targetType(function, format)) *\(Self.targetsName(function))"
      case .outputs: "\(output) *out"
      case .gradient: "\(output) *gradient"
      case .rowCount: "size_t rows"
      case .classCount: "size_t classes"
      case .numberCount: "size_t n"
      case .outer: "size_t outer"
      case .inner: "size_t inner"
      case .weight: "const \(Self.cType(format)) *weight"
      case .bias: "const \(Self.cType(format)) *bias"
      case .upstream: "const \(Self.cType(format)) *grad_output"
      case .width: "size_t width"
      case .constant: "int argument_\(place + 1)"
      case .logit: "\(Self.cType(format)) logit"
      case .target:
        "\(Self.cType(format)) \(function.gradOutputKind == .none ? "target" : "grad_output")"
      }
    }
    let margin = String(repeating: " ", count: start.count)
    var lines = [start]
    for (place, part) in parts.enumerated() {
      let text = part + (place + 1 < parts.count ? "," : ")")
      if place > 0, lines[lines.count - 1].count + text.count > 88 {
        lines.append(margin + text)
      } else {
        lines[lines.count - 1] += (place > 0 ? " " : "") + text
      }
    }
    return lines.joined(separator: "\n")
  }

  /// What stands beside the logits.
  private static func targetsName(_ function: LossFunction) -> String {
    function.gradOutputKind != .none
      ? "grad_output" : function.comparesLogits ? "target_logits" : "targets"
  }

  private func targetType(_ function: LossFunction, _ format: FloatFormat) -> String {
    function.isBinary && function.hasTarget || function.comparesLogits
      || function.gradOutputKind != .none
      ? Self.cType(format) : hasWideLabels ? "int64_t" : "int32_t"
  }

  /// What the parameters hold.
  private func meaning(_ function: LossFunction, _ format: FloatFormat) -> [String] {
    let classes = function.isBinary ? "" : " × classes"
    let rows = parameters.contains(.inner) && !function.isBinary ? "outer" : "rows"
    let inner = parameters.contains(.inner) && !function.isBinary ? " × inner" : ""
    let shape =
      isRowByRow
      ? "one row" + (function.isBinary ? "" : " of classes") : "\(rows)\(classes)\(inner)"
    var lines: [String] = []
    func tell(_ parameter: Parameter, _ what: String) {
      if parameters.contains(parameter) { lines.append("  " + what) }
    }
    tell(.logits, "logits   \(shape) numbers\(Self.note(format))")
    let targets =
      switch function.gradOutputKind {
      case .row: "a number for each row, which the gradient is multiplied by"
      case .classes: "\(shape) numbers, which the Jacobian is multiplied by"
      case .partials: "for each row the sums of the shards, then their logits of the target"
      case .none where !function.hasTarget: "NULL: \(function) has no targets"
      case .none where function.comparesLogits: "\(shape) numbers, the logits of the target"
      case .none:
        function.isBinary ? "a number from 0 to 1 for each row" : "a class for each row, from 0"
      }
    let name = Self.targetsName(function)
    tell(.targets, (name.count < 9 ? "targets  " : "\(name) ") + targets)
    tell(.upstream, "grad_output a number for each row, which its gradient is multiplied by")
    tell(.classCount, "classes  \(function.isBinary ? "1" : "of each row")")
    tell(.inner, "inner    rows side by side; outer × inner rows")
    let perRow =
      function.hasOutputPerClass
      ? shape
      : function.hasOutputList
        ? "three for each row: maximum, sum, the target's logit"
        : isRowByRow ? "one" : "one for each row"
    tell(.outputs, "out      \(perRow), to be written\(Self.note(outputFormat(format)))")
    tell(.gradient, "gradient \(shape) numbers, to be written, the derivatives by the logits")
    if isRowByRow { lines.append("  and called for one row after the other") }
    return lines
  }

  private static func note(_ format: FloatFormat) -> String {
    switch format {
    case .float32, .float64, .float16: ""
    default: ", as the bits of \(format)"
    }
  }

  /// The type of a number.
  private static func cType(_ format: FloatFormat) -> String {
    switch format {
    case .float64: "double"
    case .float32: "float"
    case .float16: "_Float16"
    default: "uint\(format.byteCount * 8)_t"
    }
  }

  // MARK: - Other signatures

  /// One that is common for such a function, as an example.
  private static func example(_ function: LossFunction) -> String {
    if function.gradOutputKind != .none {
      return function.isBinary
        ? "'logits, grad_output, out, n'" : "'logits, grad_output, out, rows, classes'"
    }
    if function.comparesLogits { return "'logits, targets, out, rows, classes'" }
    return switch (function.isBinary, function.hasTarget) {
    case (true, false): "'logits, out, n'"
    case (true, true): "'logits, targets, out, n'"
    case (false, false): "'logits, out, rows, classes'"
    case (false, true):
      function.hasOutputList
        ? "'logits, targets:int64, out, rows, classes'"
        : "'logits, targets:int64, classes -> out:float64'"
    }
  }

  /// A function of the standard signature that calls one of another.
  private static func shim(
    of symbol: String, _ function: LossFunction, _ format: FloatFormat
  ) -> String {
    let number = cType(format)
    let count = function.hasOutputPerClass ? "classes" : function.hasOutputList ? "3" : "1"
    let (declaration, call): (String, [String])
    let hasGradOutput = function.gradOutputKind != .none
    switch (function.isBinary, function.hasTarget) {
    case (true, _) where hasGradOutput:
      declaration = "void yours(const \(number) *x, const \(number) *g, \(number) *out, size_t n);"
      call = ["yours(logits, grad_output, out, rows);"]
    case (false, _) where hasGradOutput:
      declaration =
        "void yours(const \(number) *row, const \(number) *g, \(number) *out, size_t classes);"
      let each =
        switch function.gradOutputKind {
        case .classes: "i * classes"
        case .partials: "i * 2 * classes"
        default: "i"
        }
      call = [
        "for (size_t i = 0; i < rows; i++)",
        "  yours(logits + i * classes, grad_output + \(each), out + i * \(count), classes);",
      ]
    case (false, true) where function.comparesLogits:
      declaration =
        "void yours(const \(number) *row, const \(number) *target, \(number) *out, size_t classes);"
      call = [
        "for (size_t i = 0; i < rows; i++)",
        "  yours(logits + i * classes, target_logits + i * classes, out + i * \(count), classes);",
      ]
    case (true, false):
      declaration = "void yours(const \(number) *x, \(number) *out, size_t n);"
      call = ["yours(logits, out, rows);"]
    case (true, true):
      declaration = "void yours(const \(number) *x, const \(number) *y, \(number) *out, size_t n);"
      call = ["yours(logits, targets, out, rows);"]
    case (false, false):
      declaration = "void yours(const \(number) *row, \(number) *out, size_t classes);"
      call = [
        "for (size_t i = 0; i < rows; i++)",
        "  yours(logits + i * classes, out + i * \(count), classes);",
      ]
    case (false, true):
      declaration =
        "void yours(const \(number) *row, int64_t label, \(number) *out, size_t classes);"
      call = [
        "for (size_t i = 0; i < rows; i++)",
        "  yours(logits + i * classes, targets[i], out + i * \(count), classes);",
      ]
    }
    let head = standard.declaration(of: symbol, function, format)
    return
      (["#include <stddef.h>", "#include <stdint.h>", "", declaration, "", "\(head) {"]
      + call.map { "  \($0)" } + ["}"]).joined(separator: "\n")
  }
}
