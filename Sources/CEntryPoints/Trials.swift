// The names are those of C.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CLossOracle
internal import Checking
internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine
internal import SmallFoundation

@c @implementation
public func lo_trial_start(
  _ specification: UnsafePointer<CChar>?, _ trial: UnsafeMutablePointer<lo_handle>?
) -> lo_status {
  atBoundary {
    let trial = try required(trial, "trial")
    let specification = try TrialSpecification(
      parsing: required(text(specification), "specification"))
    trial.pointee = Handles.keep(try KeptTrial(specification))
  }
}

/// A trial and how its report says that it may be had again.
final class KeptTrial: Sendable {
  let session: TrialSession
  let again: String
  let replay: String

  init(_ specification: TrialSpecification) throws {
    again = specification.again ?? ""
    replay = specification.replay ?? ""
    session = try TrialSession(specification)
  }
}

private func session(_ trial: lo_handle) throws -> TrialSession {
  let session = try Handles.object(trial, KeptTrial.self).session
  try session.requireOwnProcess()
  return session
}

@c @implementation
public func lo_trial_next(
  _ trial: lo_handle, _ seconds: Double, _ batch: UnsafeMutablePointer<lo_batch>?
) -> lo_status {
  statusAtBoundary {
    let batch = try required(batch, "batch")
    let given = try structure(
      UnsafePointer(batch), "batch", empty: lo_batch(), since: \.grad_output)
    switch try session(trial).next(within: seconds) {
    case .waiting: return Int(LO_WAITING)
    case .finished: return Int(LO_FINISHED)
    case .batch(let pending):
      let asked = lo_batch(
        size: given.size, number: pending.number, row_count: pending.rowCount,
        class_count: pending.classCount, outputs_per_row: pending.outputsPerRow,
        logits: UnsafeRawPointer(pending.logits.baseAddress),
        labels: pending.targetKind == .index ? UnsafePointer(pending.labels.baseAddress) : nil,
        probabilities: pending.targetKind == .probabilities
          ? UnsafeRawPointer(pending.probabilities.baseAddress) : nil,
        grad_output: pending.gradOutputCount > 0
          ? UnsafeRawPointer(pending.gradOutput.baseAddress) : nil,
        grad_outputs_per_row: pending.gradOutputCount,
        target_logits: pending.targetKind == .logits
          ? UnsafeRawPointer(pending.probabilities.baseAddress) : nil)
      withUnsafeBytes(of: asked) { bytes in
        let room = UnsafeMutableRawBufferPointer(
          start: batch, count: min(given.size, bytes.count))
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<room.count]))
      }
      return Int(LO_OK)
    }
  }
}

@c @implementation
public func lo_trial_answer(
  _ trial: lo_handle, _ number: UInt64, _ outputs: UnsafeRawPointer?, _ outputCount: Int,
  _ failures: UnsafePointer<lo_failure>?, _ failureCount: Int
) -> lo_status {
  atBoundary {
    let session = try session(trial)
    let batch = try session.pending(number)
    let format = session.contract.outputFormat
    let count = batch.outputCount
    guard outputCount == count else {
      throw EntryError.argument("output_count is \(outputCount); the batch has \(count) outputs")
    }
    // Of a batch without rows what is wrong is said of the first.
    let rowCount = max(batch.rowCount, 1)
    guard failureCount >= 0, failureCount <= rowCount else {
      throw EntryError.argument("there cannot be \(UInt(bitPattern: failureCount)) failures")
    }
    let places = 0..<count
    var answers = RowAnswers(
      NumberColumn(format, decoding: bytes(try required(outputs, "outputs"), places, of: format)),
      outputsPerRow: batch.outputsPerRow)
    for index in 0..<failureCount {
      let failure = try required(failures, "failures")[index]
      guard (0..<rowCount).contains(failure.row) else {
        throw EntryError.argument("the batch has no row \(UInt(bitPattern: failure.row))")
      }
      let kind = text(failure.kind) ?? "crash"
      let message = (text(failure.message) ?? "").excerpt(500)
      if kind == "unsupported" {
        answers.abstentions[failure.row] = message
      } else {
        answers.failures[failure.row] = Failure(.init(rawValue: kind.excerpt(40)), message)
      }
    }
    try session.answer(batch, answers)
  }
}

@c @implementation
public func lo_trial_cancel(_ trial: lo_handle) -> lo_status {
  atBoundary { try session(trial).cancel() }
}

@c @implementation
public func lo_trial_progress(
  _ trial: lo_handle, _ done: UnsafeMutablePointer<UInt64>?,
  _ total: UnsafeMutablePointer<UInt64>?
) -> lo_status {
  atBoundary {
    let progress = try session(trial).progress
    done?.pointee = UInt64(clamping: progress.done)
    total?.pointee = UInt64(clamping: progress.total)
  }
}

@c @implementation
public func lo_trial_report(
  _ trial: lo_handle, _ layout: UnsafePointer<CChar>?, _ text: UnsafeMutablePointer<lo_handle>?
) -> lo_status {
  atBoundary {
    let text = try required(text, "text")
    let trial = try Handles.object(trial, KeptTrial.self)
    try trial.session.requireOwnProcess()
    let layout = try named(
      CEntryPoints.text(layout) ?? "json", "layout", ReportLayout.init(rawValue:),
      among: ReportLayout.allCases.map(\.rawValue))
    let report = try layout.text(
      trial.session.result(), again: trial.again, replay: trial.replay)
    text.pointee = Handles.keep(KeptText(Array(report.utf8)))
  }
}

/// The layouts of a report.
enum ReportLayout: String, CaseIterable {
  case json, markdown, junit, html, findings, verdict, witnesses

  func text(_ outcome: TrialOutcome, again: String, replay: String) throws -> String {
    switch outcome {
    case .rows(let result): return try text(result, again: again, replay: replay)
    case .batches(let result):
      switch self {
      case .findings:
        let findings = try text(result, again: again, replay: replay)
        return ([findings].filter { !$0.isEmpty } + result.diagnosisTexts)
          .joined(separator: "\n\n")
      case .verdict:
        return
          (result.leftOutTexts.map { "left out: \($0)" }
          + [try text(result, again: again, replay: replay)]).joined(separator: "\n")
      default: return try text(result, again: again, replay: replay)
      }
    }
  }

  private func text(
    _ result: some CaseCheck, again: String, replay: String
  ) throws -> String {
    let line: (WitnessRecord) -> String = { witness in
      guard replay.contains("{witness}") else { return replay }
      return replay.replacing("{witness}", with: witness.line ?? "FILE")
    }
    let document = { result.document(again: again, replay: line) }
    switch self {
    case .json: return try Self.json(result.data)
    case .markdown: return document().markdown
    case .junit: return document().junit
    case .html: return document().html()
    case .findings: return result.findingTexts(replay: line).joined(separator: "\n\n")
    case .verdict:
      return (result.gradeFacts.map { "\($0.name): \($0.value)" } + [result.verdictText])
        .joined(separator: "\n")
    case .witnesses: return try Self.json(WitnessFile(result.witnesses))
    }
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
  }
}
