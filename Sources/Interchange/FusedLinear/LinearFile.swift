public import FloatFormats
public import LossFunctions
public import Multiprecision
public import Reference
public import SmallFoundation

/// The name of the linear layer fused with its cross-entropy: on the command line, in metadata.
public let linearCrossEntropyName = "linear-cross-entropy"

/// A linear layer and its labels from a safetensors file: tensors `hidden` [rows, d], `weight` [classes, d],
/// `targets` [rows] of integers and, perhaps, `bias` [classes] and `grad_output` [rows]; options and a reduction in the metadata.
public struct LinearFile: Sendable {
  /// The numbers.
  public let input: LinearInput
  /// The format of the hidden rows.
  public let format: FloatFormat
  /// The options that the metadata tells.
  public let options: LossOptions
  /// The reduction that it tells.
  public let reduction: Reduction?
  /// Of a layer at which something failed: which quantity did, in which format, of what claim.
  public let quantity: LinearQuantity?
  public let outputFormat: FloatFormat?
  public let claim: String?

  /// Reads a file. Whether its labels are classes depends on the options: see `LinearInput.validate`.
  ///
  /// - Throws: What is wrong with it.
  public init(contentsOf url: URL) throws(FixtureError) {
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(FileBytes.reading(url))
    } catch let error as SafetensorsError {
      throw .safetensors(error)
    } catch {
      throw error as? FixtureError ?? .noRows
    }
    if let function = file.metadata["function"], function != linearCrossEntropyName {
      throw .field("function", problem: "is \(function.shown), not \(linearCrossEntropyName)")
    }
    let hidden = try Self.matrix("hidden", in: file)
    let weight = try Self.matrix("weight", in: file)
    guard hidden.shape[1] == weight.shape[1] else {
      throw .field(
        "weight",
        problem: "has the shape \(weight.shape.shown) beside hidden rows of \(hidden.shape[1])")
    }
    format = hidden.format
    options = try .ofFixtures(
      file.metadata["options"], .logits, for: .crossEntropy, in: hidden.format)
    func known<Value>(
      _ field: String, _ kinds: String, _ value: (String) -> Value?
    ) throws(FixtureError) -> Value? {
      guard let name = file.metadata[field] else { return nil }
      guard let value = value(name) else {
        throw .field(field, problem: "is \(name.shown), not \(kinds)")
      }
      return value
    }
    reduction = try known("reduction", "none, mean or sum", Reduction.init)
    quantity = try known("quantity", "one of a linear layer", LinearQuantity.init)
    outputFormat = try known("output_format", "a format", FloatFormat.init(named:))
    claim = file.metadata["claim"]
    let bias =
      file.names.contains("bias")
      ? try Self.numbers("bias", in: file, shape: [weight.shape[0]]).numbers : nil
    let gradOutput =
      file.names.contains("grad_output")
      ? try Self.numbers("grad_output", in: file, shape: [hidden.shape[0]]).numbers : nil
    let labels = try Self.labels(in: file, count: hidden.shape[0])
    do {
      input = try LinearInput(
        hidden: hidden.numbers, weight: weight.numbers, bias: bias, labels: labels,
        width: hidden.shape[1], gradOutput: gradOutput)
    } catch {
      throw .field("hidden", problem: "and what goes with it cannot be used: \(error)")
    }
  }

  private struct Numbers {
    let numbers: [Float]
    let shape: [Int]
    let format: FloatFormat
  }

  private static func matrix(
    _ name: String, in file: SafetensorsFile
  ) throws(FixtureError) -> Numbers {
    let numbers = try numbers(name, in: file, shape: nil)
    guard numbers.shape.count == 2, numbers.shape.allSatisfy({ $0 > 0 }) else {
      throw .field(name, problem: "has the shape \(numbers.shape.shown), not two dimensions")
    }
    return numbers
  }

  /// The numbers of a tensor.
  private static func numbers(
    _ name: String, in file: SafetensorsFile, shape: [Int]?
  ) throws(FixtureError) -> Numbers {
    do {
      let tensor = try file.tensor(name)
      guard let format = tensor.elementType.format, format.isWithinFloat32 else {
        throw SafetensorsError.wrongType(
          name: name, tensor.elementType.rawValue,
          expected: "a floating-point type of at most 32 bits")
      }
      if let shape, tensor.shape != shape {
        throw SafetensorsError.wrongShape(name: name, shape: tensor.shape, expected: shape.shown)
      }
      let numbers = try NumberColumn.floats(count: tensor.count) { try tensor.column($0) }
      return Numbers(numbers: numbers, shape: tensor.shape, format: format)
    } catch let error as SafetensorsError {
      throw .safetensors(error)
    } catch {
      throw .field(name, problem: "cannot be read: \(error)")
    }
  }

  private static func labels(
    in file: SafetensorsFile, count: Int
  ) throws(FixtureError) -> [Int32] {
    do {
      let tensor = try file.tensor("targets")
      guard tensor.shape == [count] else {
        throw SafetensorsError.wrongShape(
          name: "targets", shape: tensor.shape, expected: [count].shown)
      }
      return try tensor.integers().enumerated().map { row, label in
        guard let label = Int32(exactly: label) else {
          throw SafetensorsError.wrongValue(
            name: "targets", index: row, expected: "an integer of 32 bits")
        }
        return label
      }
    } catch let error as SafetensorsError {
      throw .safetensors(error)
    } catch {
      throw .field("targets", problem: "cannot be read: \(error)")
    }
  }
}

/// What is computed of a linear layer fused with its loss, and the tensor that holds it.
public enum LinearQuantity: String, CaseIterable, Hashable, Sendable {
  /// The loss of each row [rows], or the reduced one [1].
  case loss
  /// [rows, d].
  case hiddenGradient = "hidden_gradient"
  /// [classes, d].
  case weightGradient = "weight_gradient"
  /// [classes].
  case biasGradient = "bias_gradient"

  /// What it is the gradient by; nil for the loss.
  public var parameter: LinearParameter? {
    switch self {
    case .loss: nil
    case .hiddenGradient: .hidden
    case .weightGradient: .weight
    case .biasGradient: .bias
    }
  }

  /// The shape of its tensor.
  public func shape(_ input: LinearInput, _ reduction: Reduction) -> [Int] {
    switch self {
    case .loss: [reduction == .none ? input.rowCount : 1]
    case .hiddenGradient: [input.rowCount, input.width]
    case .weightGradient: [input.classCount, input.width]
    case .biasGradient: [input.classCount]
    }
  }

  /// Its exact values.
  ///
  /// - Throws: `invalidInput`.
  public func exact(
    _ input: LinearInput, options: LossOptions, reduction: Reduction, in format: FloatFormat,
    rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> CertifiedRows {
    guard let parameter else {
      return try Reference().linearCrossEntropy(
        input, options: options, reduction: reduction, in: format, rounding: direction)
    }
    return try Reference().linearCrossEntropyGradient(
      input, by: parameter, options: options, reduction: reduction, in: format,
      rounding: direction)
  }
}

/// Writes tensors of columns, a piece at a time.
public struct LinearTensors: Sendable {
  private struct Tensor {
    let layout: SafetensorsLayout.Tensor
    let count: Int
    /// The bytes of some of its numbers: those of a whole weight, encoded, would be twice as many again.
    let bytes: @Sendable (Range<Int>) -> [UInt8]
  }

  private var tensors: [Tensor] = []
  private var labels: [Int32] = []

  /// No tensors.
  public init() {}

  /// Adds a tensor of numbers, as many as the shape has.
  ///
  /// - Throws: Where safetensors has no such type.
  public mutating func add(
    _ name: String, _ numbers: NumberColumn, shape: [Int]
  ) throws(SafetensorsError) {
    try add(name, numbers.format, shape, count: numbers.count) { numbers.encoded($0) }
  }

  private mutating func add(
    _ name: String, _ numbers: [Float], shape: [Int], in format: FloatFormat
  ) throws(SafetensorsError) {
    try add(name, format, shape, count: numbers.count) {
      NumberColumn(format, floats: Array(numbers[$0])).encoded
    }
  }

  private mutating func add(
    _ name: String, _ format: FloatFormat, _ shape: [Int], count: Int,
    bytes: @escaping @Sendable (Range<Int>) -> [UInt8]
  ) throws(SafetensorsError) {
    guard let type = SafetensorsTensor.ElementType(format) else {
      throw .wrongType(
        name: name, format.name, expected: "a floating-point type of safetensors")
    }
    let layout = SafetensorsLayout.Tensor(name: name, elementType: type, shape: shape)
    tensors.append(Tensor(layout: layout, count: count, bytes: bytes))
  }

  /// Adds a layer's input, in a format that holds its numbers.
  public mutating func add(
    _ input: LinearInput, in format: FloatFormat
  ) throws(SafetensorsError) {
    try add("hidden", input.hidden, shape: [input.rowCount, input.width], in: format)
    try add("weight", input.weight, shape: [input.classCount, input.width], in: format)
    if let bias = input.bias { try add("bias", bias, shape: [input.classCount], in: format) }
    if let gradOutput = input.gradOutput {
      try add("grad_output", gradOutput, shape: [input.rowCount], in: format)
    }
    labels = input.labels
  }

  /// Writes the file, whole or not at all.
  public func write(to path: String, metadata: [String: String]) throws {
    var layouts = tensors.map(\.layout)
    if !labels.isEmpty {
      layouts.append(.init(name: "targets", elementType: .int32, shape: [labels.count]))
    }
    let layout = try SafetensorsLayout(layouts, metadata: metadata)
    let file = try PartialFile(for: path)
    try file.resize(to: layout.byteCount)
    try file.write([UInt8](layout.header), at: 0)
    for (index, tensor) in tensors.enumerated() {
      let size = tensor.layout.elementType.byteCount
      let pieceSize = NumberColumn.pieceSize
      for start in stride(from: 0, to: tensor.count, by: pieceSize) {
        try file.write(
          tensor.bytes(start..<min(start + pieceSize, tensor.count)),
          at: layout.offsets[index] + start * size)
      }
    }
    if !labels.isEmpty {
      let bytes = labels.flatMap { label in
        withUnsafeBytes(of: label.littleEndian) { Array($0) }
      }
      try file.write(bytes, at: layout.offsets[tensors.count])
    }
    try file.commit()
  }
}
