// The names are those of C.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CLossOracle
internal import FloatFormats
internal import Interchange
internal import LossFunctions
internal import Multiprecision
internal import Reference
internal import Verification

/// What is to be computed of which layer, with all counts found to go together.
struct LayerQuestion {
  let input: LinearInput
  let format: FloatFormat
  let options: LossOptions
  let reduction: Reduction
  let outputFormat: FloatFormat
  let rounding: RoundingDirection
  let quantity: LinearQuantity

  init(
    _ question: UnsafePointer<lo_question>?, _ layer: UnsafePointer<lo_layer>?,
    by parameter: UnsafePointer<CChar>?
  ) throws {
    let question = try structure(question, "question", size: \.size)
    let layer = try structure(layer, "layer", empty: lo_layer(), since: \.grad_output)
    let function = try required(text(question.function), "question->function")
    guard function == linearCrossEntropyName else {
      throw EntryError.argument("of a layer there is \(linearCrossEntropyName), not \(function)")
    }
    let format = try CEntryPoints.format(named: required(text(layer.format), "layer->format"))
    self.format = format
    guard format.isWithinFloat32 else {
      throw EntryError.input("\(InputError.formatTooWide(format))")
    }
    func numbers(
      _ start: UnsafeRawPointer?, _ name: String, _ counts: [Int]
    ) throws -> [Float] {
      let size = format.byteCount
      guard let count = counts.reduce(size, product) else {
        throw EntryError.argument("there cannot be so many numbers in \(name)")
      }
      let start = count > 0 ? try required(start, name) : nil
      let bytes = UnsafeRawBufferPointer(start: start, count: count)
      return NumberColumn.floats(count: count / size) { range in
        let part = bytes[range.lowerBound * size..<range.upperBound * size]
        return NumberColumn(format, decoding: UnsafeRawBufferPointer(rebasing: part))
      }
    }
    let counts = (rows: layer.row_count, classes: layer.class_count, width: layer.width)
    for count in [counts.rows, counts.classes] {
      // Before any label is read.
      guard product(product(count, counts.width), MemoryLayout<Double>.size) != nil, count >= 0
      else {
        throw EntryError.argument("there cannot be so many rows, classes and features")
      }
    }
    let labels = try counts.rows == 0 ? nil : required(layer.labels, "layer->labels")
    let classes = try (0..<counts.rows).map { row in
      let label = labels.map {
        UnsafeRawPointer($0).loadUnaligned(
          fromByteOffset: row * MemoryLayout<Int64>.size, as: Int64.self)
      }
      guard let label, let index = Int32(exactly: label) else {
        let error = InputError.labelOutOfRange(
          label: Int(label ?? 0), classCount: counts.classes)
        throw EntryError.input("row \(row + 1): \(error)")
      }
      return index
    }
    do {
      input = try LinearInput(
        hidden: numbers(layer.hidden, "layer->hidden", [counts.rows, counts.width]),
        weight: numbers(layer.weight, "layer->weight", [counts.classes, counts.width]),
        bias: layer.bias.map { try numbers($0, "layer->bias", [counts.classes]) },
        labels: classes, width: counts.width,
        gradOutput: layer.grad_output.map { try numbers($0, "layer->grad_output", [counts.rows]) })
    } catch let error as InputError {
      throw EntryError.input(error.description)
    }
    (options, reduction, rounding, outputFormat) = try settings(
      of: question, for: .crossEntropy, in: format)
    let parameter = try text(parameter).map { name in
      try named(
        name, "parameter", LinearParameter.init(rawValue:),
        among: LinearParameter.allCases.map(\.rawValue))
    }
    quantity = LinearQuantity.allCases.first { $0.parameter == parameter } ?? .loss
  }

  /// The exact values, as many as there are places for.
  func exact(count: Int, rounding: RoundingDirection) throws -> CertifiedRows {
    let expected = quantity.shape(input, reduction).reduce(1, *)
    guard count == expected else {
      throw EntryError.argument("count is \(count); there are \(expected) values")
    }
    do {
      return try quantity.exact(
        input, options: options, reduction: reduction, in: outputFormat, rounding: rounding)
    } catch {
      throw EntryError.input(error.description)
    }
  }

  func requireDecided(_ exact: CertifiedRows) throws {
    guard let (row, error) = exact.undecided.min(by: { $0.key < $1.key }) else { return }
    throw EntryError(LO_UNDECIDED, "row \(row + 1): \(error)")
  }
}

func product(_ a: Int?, _ b: Int) -> Int? {
  guard let a, b >= 0, case (let product, false) = a.multipliedReportingOverflow(by: b) else {
    return nil
  }
  return product
}

@c @implementation
public func lo_layer_values(
  _ question: UnsafePointer<lo_question>?, _ layer: UnsafePointer<lo_layer>?,
  _ parameter: UnsafePointer<CChar>?, _ values: UnsafeMutableRawPointer?, _ count: Int
) -> lo_status {
  atBoundary {
    let question = try LayerQuestion(question, layer, by: parameter)
    let exact = try question.exact(count: count, rounding: question.rounding)
    guard count > 0 else { return }
    let values = try required(values, "values")
    let bytes = exact.values.encoded
    values.copyMemory(from: bytes, byteCount: bytes.count)
    try question.requireDecided(exact)
  }
}

@c @implementation
public func lo_layer_ulp_errors(
  _ question: UnsafePointer<lo_question>?, _ layer: UnsafePointer<lo_layer>?,
  _ parameter: UnsafePointer<CChar>?, _ computed: UnsafeRawPointer?, _ count: Int,
  _ ulps: UnsafeMutablePointer<Double>?
) -> lo_status {
  atBoundary {
    let question = try LayerQuestion(question, layer, by: parameter)
    let exact = try question.exact(count: count, rounding: .nearestEven)
    guard count > 0 else { return }
    let (computed, ulps) = (try required(computed, "computed"), try required(ulps, "ulps"))
    let column = NumberColumn(
      question.outputFormat, decoding: bytes(computed, 0..<count, of: question.outputFormat))
    let measured = ErrorColumn(of: column, against: exact)
    for place in 0..<count {
      let isDecided = exact.undecided[place / exact.outputsPerRow] == nil
      // The array may begin anywhere.
      UnsafeMutableRawPointer(ulps + place).storeBytes(
        of: isDecided ? measured.ulps[place] : .nan, as: Double.self)
    }
    try question.requireDecided(exact)
  }
}
