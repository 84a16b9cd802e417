// The names are those of C.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CLossOracle
internal import Cases
internal import Checking
internal import FloatFormats
internal import Interchange
internal import LossFunctions
internal import Multiprecision
internal import PropertyEngine
internal import SmallFoundation
internal import Verification

@c @implementation
public func lo_layer_draw(
  _ family: UnsafePointer<CChar>?, _ format: UnsafePointer<CChar>?, _ rows: Int, _ classes: Int,
  _ width: Int, _ seed: UInt64, _ hidden: UnsafeMutableRawPointer?,
  _ weight: UnsafeMutableRawPointer?, _ bias: UnsafeMutableRawPointer?,
  _ labels: UnsafeMutablePointer<Int64>?
) -> lo_status {
  atBoundary {
    let family = try named(
      required(text(family), "family"), "family", LinearFamily.named,
      among: LinearFamily.all.map(\.name))
    let format = try CEntryPoints.format(named: required(text(format), "format"))
    let (hidden, weight) = (try required(hidden, "hidden"), try required(weight, "weight"))
    let labels = UnsafeMutableRawPointer(try required(labels, "labels"))
    guard (1...65536).contains(rows), (1...262_144).contains(classes), (1...8192).contains(width)
    else {
      throw EntryError.argument("there are 1 to 65536 rows, 262144 classes and 8192 features")
    }
    let input: LinearInput
    do {
      input = try family.input(
        rows: rows, classes: classes, width: width, in: format, hasBias: bias != nil, seed: seed)
    } catch let error as InputError {
      throw EntryError.input(error.description)
    }
    for (numbers, place) in [(input.hidden, hidden), (input.weight, weight)] {
      let bytes = NumberColumn(format, floats: numbers).encoded
      place.copyMemory(from: bytes, byteCount: bytes.count)
    }
    if let bias {
      let bytes = NumberColumn(format, floats: input.bias ?? []).encoded
      bias.copyMemory(from: bytes, byteCount: bytes.count)
    }
    for (row, label) in input.labels.enumerated() {
      labels.storeBytes(
        of: Int64(label), toByteOffset: row * MemoryLayout<Int64>.size, as: Int64.self)
    }
  }
}

/// What a check of a layer's outputs says.
private struct LayerVerdict: Encodable {
  let verdict: String
  let failures: Int
  let undecided: Int
  let maxUlp: String
  let text: String
  let mistakes: [String]
}

@c @implementation
public func lo_layer_check(
  _ question: UnsafePointer<lo_question>?, _ layer: UnsafePointer<lo_layer>?,
  _ parameter: UnsafePointer<CChar>?, _ computed: UnsafeRawPointer?, _ count: Int,
  _ claim: UnsafePointer<CChar>?, _ text: UnsafeMutablePointer<lo_handle>?
) -> lo_status {
  atBoundary {
    let question = try LayerQuestion(question, layer, by: parameter)
    let claim = try named(
      CEntryPoints.text(claim) ?? "common", "claim", { try? Grade(claim: $0) },
      among: ["correctly-rounded", "faithful", "ulp:N", "common"])
    if case .roundedFrom = claim {
      throw EntryError.argument("rounded-from is no claim of a linear layer")
    }
    let exact = try question.exact(count: count, rounding: .nearestEven)
    let place = try required(text, "text")
    let computed = try required(computed, "computed")
    let column = NumberColumn(
      question.outputFormat, decoding: bytes(computed, 0..<count, of: question.outputFormat))
    let contract = LinearContract(
      in: question.format, outputFormat: question.outputFormat, options: question.options,
      reduction: question.reduction, claim: claim)
    let check = contract.check(column, question.quantity, of: question.input, against: exact)
    var mistakes: [String] = []
    if check.verdict == .fellShort {
      let evidence = LinearEvidence(
        question.quantity, of: question.input, column, against: exact, contract)
      mistakes = LinearDiagnosis.diagnoses(of: [evidence]).map(\.text)
    }
    let verdict = LayerVerdict(
      verdict: check.verdict.rawValue, failures: check.failureCount,
      undecided: check.undecidedCount, maxUlp: "\(check.statistics.maximumULPs)",
      text: check.text(
        question.outputFormat,
        shape: question.quantity.shape(question.input, question.reduction)),
      mistakes: mistakes)
    place.pointee = Handles.keep(KeptText(Array(try JSONEncoder().encode(verdict))))
  }
}
