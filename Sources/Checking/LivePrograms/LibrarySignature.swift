public import FloatFormats
public import LossFunctions
internal import SmallFoundation

/// How a function of a C library is called: what it takes, in order, and what it returns.
///
///     logits, targets, rows, classes, out             the default
///     logits, out, n                                  n = rows × classes, and no targets
///     logits, targets:int64, classes -> out:float64   one row a call, as rows are not told
///     logit, target -> out                            two numbers, and one returned
///     logits, grad_output, rows, classes, out         a gradient with what it is multiplied by
///     logits, targets, outer, classes, inner, out     the classes in the middle: rows = outer × inner
///     hidden, weight, bias, targets, rows, classes, width, out     a linear layer fused with its loss
///     hidden, weight, bias, targets, grad_output, rows, classes, width, out     a gradient of it
///     logits, targets, rows, classes, out, gradient   a loss and its gradient in one call
///
/// A `grad_output` without targets stands in their place, under either name. The gradient of a loss, and of a linear layer,
/// has both:
///
///     logits, targets, grad_output, rows, classes, out
///
/// Integers and pointers are passed as they are in registers: of integers any type will do.
public struct LibrarySignature: Hashable, Sendable {
  /// What is passed at a place.
  enum Parameter: Hashable, Sendable {
    /// Pointers to the numbers, row by row.
    case logits
    case targets
    case outputs
    case gradient
    /// The numbers of rows and classes of a call, and their product.
    case rowCount
    case classCount
    case numberCount
    /// The shape of the logits, [outer, classes, inner].
    case outer
    case inner
    /// The weights and the bias of a linear layer, whose hidden rows stand for the logits, and its features.
    case weight
    case bias
    case width
    /// What the gradient of each row's loss is multiplied by, beside the targets.
    case upstream
    case constant(Int)
    /// The one logit or target of a row, as a number.
    case logit
    case target
  }

  let parameters: [Parameter]
  /// Whether the output of the row is returned.
  let returnsOutput: Bool
  /// Whether labels are 64-bit integers.
  let hasWideLabels: Bool
  /// The format of the outputs, where it is said.
  public let givenOutputFormat: FloatFormat?
  /// The text that says so.
  public let text: String

  /// What is called where nothing is said.
  public static let standard = LibrarySignature(
    parameters: [.logits, .targets, .rowCount, .classCount, .outputs], returnsOutput: false,
    hasWideLabels: false, givenOutputFormat: nil, text: "logits, targets, rows, classes, out")

  /// What is called where nothing is said and the classes stand in the middle.
  public static let strided = LibrarySignature(
    parameters: [.logits, .targets, .outer, .classCount, .inner, .outputs], returnsOutput: false,
    hasWideLabels: false, givenOutputFormat: nil,
    text: "logits, targets, outer, classes, inner, out")

  /// What is called where nothing is said of a linear layer.
  public static let layer = LibrarySignature(
    parameters: [
      .logits, .weight, .bias, .targets, .rowCount, .classCount, .width, .outputs,
    ], returnsOutput: false, hasWideLabels: false, givenOutputFormat: nil,
    text: "hidden, weight, bias, targets, rows, classes, width, out")

  /// Whether it is that of a linear layer.
  var isOfLayer: Bool { parameters.contains(.weight) }

  /// What is called where nothing is said and the gradient is given with the loss.
  public static let joint = LibrarySignature(
    parameters: [.logits, .targets, .rowCount, .classCount, .outputs, .gradient],
    returnsOutput: false, hasWideLabels: false, givenOutputFormat: nil,
    text: "logits, targets, rows, classes, out, gradient")

  /// What is called where nothing is said and the gradient of a loss is multiplied by `grad_output`.
  public static let upstream = LibrarySignature(
    parameters: [.logits, .targets, .upstream, .rowCount, .classCount, .outputs],
    returnsOutput: false, hasWideLabels: false, givenOutputFormat: nil,
    text: "logits, targets, grad_output, rows, classes, out")

  /// As many integers and pointers as are passed without looking at their types: of those that find no register, one has
  /// a slot of its own under each convention.
  static let greatestCount = 9

  /// The format of the outputs for logits of a format.
  public func outputFormat(_ format: FloatFormat) -> FloatFormat { givenOutputFormat ?? format }

  /// Whether each row takes a call: where the function is not told how many there are.
  var isRowByRow: Bool {
    returnsOutput
      || !parameters.contains { [.rowCount, .numberCount, .outer].contains($0) }
  }

  /// Whether what goes with the rows of the gradient of a loss is passed.
  var takesGradOutput: Bool { parameters.contains(.upstream) }

  /// Whether it gives a loss and its gradient in one call.
  public var isJoint: Bool { parameters.contains(.gradient) }

  /// Whether numbers are passed, and no pointers.
  var isByValue: Bool { parameters.contains(.logit) }
}

// MARK: - As text

extension LibrarySignature {
  /// A signature, as the type's comment shows.
  ///
  /// - Throws: The word that is none.
  public init(parsing text: String) throws(LibrarySignatureError) {
    let sides = text.split(separator: "->", omittingEmptySubsequences: false)
    guard sides.count <= 2 else { throw .malformed("there are two arrows") }
    var (parameters, wideLabels, format) = ([Parameter](), false, FloatFormat?.none)
    for word in sides[0].split(separator: ",", omittingEmptySubsequences: false) {
      let (name, type) = Self.parts(word)
      if let known = Self.names[name] {
        guard !parameters.contains(known) else { throw .malformed("\(name) is there twice") }
        parameters.append(known)
      } else if let constant = Int(name) {
        parameters.append(.constant(constant))
      } else {
        throw .unknownWord(name)
      }
      switch (name, type) {
      case (_, nil): break
      case ("out", let type?): format = try Self.numberFormat(type)
      case ("targets", "int32"): wideLabels = false
      case ("targets", "int64"): wideLabels = true
      case (_, let type?): throw .unknownType(name, type)
      }
    }
    if !parameters.contains(.targets), !parameters.contains(.weight),
      let place = parameters.firstIndex(of: .upstream)
    {
      parameters[place] = .targets
    }
    // Beside a number it is one.
    if parameters == [.logit, .targets] { parameters[1] = .target }
    if sides.count == 2 {
      let (name, type) = Self.parts(sides[1])
      guard name == "out", !parameters.contains(.outputs) else {
        throw .malformed("what is returned must be the one out")
      }
      if let type { format = try Self.numberFormat(type) }
    }
    self.init(
      parameters: parameters, returnsOutput: sides.count == 2, hasWideLabels: wideLabels,
      givenOutputFormat: format, text: text)
    try validate()
  }

  private static let names: [String: Parameter] = [
    "logits": .logits, "targets": .targets, "out": .outputs, "rows": .rowCount,
    "classes": .classCount, "n": .numberCount, "logit": .logit, "target": .target,
    "outer": .outer, "inner": .inner, "grad_output": .upstream, "gradient": .gradient,
    "hidden": .logits, "weight": .weight, "bias": .bias, "width": .width,
  ]

  private static func parts(_ word: Substring) -> (name: String, type: String?) {
    let parts = word.split(separator: ":", maxSplits: 1).map {
      $0.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    return (parts.first ?? "", parts.count > 1 ? parts[1] : nil)
  }

  private static func numberFormat(_ name: String) throws(LibrarySignatureError) -> FloatFormat {
    guard let format = FloatFormat(named: name), format.isWithinFloat64 else {
      throw .unknownType("out", name)
    }
    return format
  }

  private func validate() throws(LibrarySignatureError) {
    guard parameters.count <= Self.greatestCount else { throw .tooManyParameters }
    guard returnsOutput || parameters.contains(.outputs) else {
      throw .malformed("there is no out")
    }
    guard !returnsOutput || !parameters.contains(.rowCount) else {
      throw .malformed("one output is returned, and that of a row: leave out rows")
    }
    guard isByValue || parameters.contains(.logits) else { throw .malformed("there are no logits") }
    guard !isByValue || [[.logit], [.logit, .target]].contains(parameters) && returnsOutput
    else { throw .malformed("numbers are passed as in `logit -> out` or `logit, target -> out`") }
    guard isByValue || !parameters.contains(.target) else {
      throw .malformed("a target without a logit; pointers to targets are `targets`")
    }
  }

  /// Checks that a linear layer's function can be called so.
  ///
  /// - Throws: What stands against it.
  public func validateForLayers() throws(LibrarySignatureError) {
    guard isOfLayer, parameters.contains(.targets) else {
      throw .malformed("a linear layer takes hidden, weight and targets")
    }
    guard parameters.contains(.rowCount), !returnsOutput else {
      throw .malformed("a linear layer takes rows, and an out that it writes")
    }
  }

  /// Checks that a function can be called so.
  ///
  /// - Throws: What stands against it.
  public func validate(
    for function: LossFunction, in format: FloatFormat, layout: RowLayout = .classesLast,
    isJoint: Bool = false, gradOutput: GradOutputKind = .none
  ) throws(LibrarySignatureError) {
    guard !isOfLayer else { throw .malformed("weight is of linear-cross-entropy alone") }
    guard (gradOutput != .none) == parameters.contains(.upstream) else {
      throw gradOutput == .none ? .takesGradOutput : .needsGradOutput
    }
    guard isJoint == self.isJoint else { throw isJoint ? .needsGradient : .givesGradient }
    if layout.inner != nil, isRowByRow || !parameters.contains(.inner) { throw .needsInner }
    let hasTargets = parameters.contains(.targets) || parameters.contains(.target)
    guard hasTargets || !function.hasTarget && function.gradOutputKind == .none else {
      throw .targetsMissing(function)
    }
    if isByValue, !function.isBinary { throw .needsPointers(function) }
    guard !returnsOutput || !function.hasOutputList else { throw .needsOutputs(function) }
    // The conventions pass and return these in registers of their own, and other formats as bits.
    let output = outputFormat(format)
    if returnsOutput, ![.float32, .float64].contains(output) { throw .notByValue(output) }
    if isByValue, output != format { throw .mixedNumbers }
    if hasWideLabels, function.isBinary || !function.hasLabels { throw .noLabels(function) }
  }
}

/// Why a library's function cannot be called as it is said.
public enum LibrarySignatureError: Error, Hashable, Sendable, CustomStringConvertible {
  case unknownWord(String)
  case unknownType(String, String)
  case malformed(String)
  case tooManyParameters
  case targetsMissing(LossFunction)
  case needsPointers(LossFunction)
  case needsOutputs(LossFunction)
  case notByValue(FloatFormat)
  case mixedNumbers
  case noLabels(LossFunction)
  case needsInner
  case needsGradient
  case givesGradient
  case needsGradOutput
  case takesGradOutput

  /// What was wrong, and what would do.
  public var description: String {
    switch self {
    case .unknownWord(let word):
      "\(word.shown) is none of logits, targets, grad_output, rows, classes, n, outer, inner, out, gradient, "
        + "logit, target, and no integer"
    case .unknownType(let name, let type):
      "\(name) cannot be \(type.shown): of targets, int32 and int64 can be said, of out a format"
    case .malformed(let what): what
    case .tooManyParameters:
      "a function takes at most \(LibrarySignature.greatestCount) parameters here; write a shim"
    case .targetsMissing(let function) where !function.hasTarget:
      "\(function) takes grad_output, and it is not passed"
    case .targetsMissing(let function): "\(function) has targets, and they are not passed"
    case .needsPointers(let function): "\(function) takes rows: pass logits, by a pointer"
    case .needsOutputs(let function) where !function.hasOutputPerClass:
      "\(function) has several outputs: pass out"
    case .needsOutputs(let function): "\(function) has an output for each class: pass out"
    case .notByValue(let format):
      "numbers are passed and returned in float32 and float64, not in \(format); write a shim"
    case .mixedNumbers: "a function of numbers returns one of the same type; write a shim"
    case .noLabels(let function): "\(function) has no classes as targets"
    case .needsInner:
      "with the classes in the middle the function has to be told inner, and outer, rows or n: as in "
        + LibrarySignature.strided.text
    case .needsGradient:
      "with the loss the gradient is asked for: pass gradient, as in \(LibrarySignature.joint.text)"
    case .givesGradient:
      "a function that gives the gradient with the loss is checked with --outputs loss,gradient"
    case .needsGradOutput:
      "the gradient is multiplied by grad_output: pass it, as in \(LibrarySignature.upstream.text)"
    case .takesGradOutput:
      "the gradient of a loss that takes grad_output beside targets is checked with --options "
        + "'{\"grad_output\": \"row\"}', and swept with --paired-with grad_output"
    }
  }
}
