import CEntryPoints
import CLossOracle
import Foundation
import TestSupport
import Testing

@Suite struct `A trial through the C interface` {
  private let specification =
    #"{"function": "softplus", "cases": 50, "search": 50, "claim": "ulp:2", "subject": "mine"}"#

  private func start(_ specification: String) -> lo_handle {
    var trial: lo_handle = 0
    #expect(lo_trial_start(specification, &trial) == lo_status(LO_OK), "\(errorText)")
    return trial
  }

  /// What comes of the next batch, however long other tests keep the trial's threads.
  private func next(_ trial: lo_handle, _ batch: inout lo_batch) -> lo_status {
    while true {
      let status = lo_trial_next(trial, 0.05, &batch)
      if status != lo_status(LO_WAITING) { return status }
    }
  }

  /// Answers all batches, and gives the number of them.
  @discardableResult
  private func run(
    _ trial: lo_handle, failingRow: ((Float) -> Bool)? = nil, _ function: (Float) -> Float
  ) -> Int {
    var batch = lo_batch()
    batch.size = MemoryLayout<lo_batch>.size
    var count = 0
    while true {
      guard next(trial, &batch) == lo_status(LO_OK), let logits = batch.logits else { break }
      count += 1
      let rows = (0..<batch.row_count).map {
        logits.load(fromByteOffset: 4 * $0, as: Float.self)
      }
      let outputs = rows.map(function)
      let failing = rows.indices.filter { failingRow?(rows[$0]) ?? false }
      let status2 = "crash".withCString { kind in
        "raised \u{1}".withCString { message in
          let failures = failing.map { lo_failure(row: $0, kind: kind, message: message) }
          return lo_trial_answer(
            trial, batch.number, outputs, outputs.count, failures, failures.count)
        }
      }
      #expect(status2 == lo_status(LO_OK), "\(errorText)")
    }
    return count
  }

  private func report(_ trial: lo_handle, _ layout: String) -> String {
    var text: lo_handle = 0
    #expect(lo_trial_report(trial, layout, &text) == lo_status(LO_OK), "\(errorText)")
    return read(text)
  }

  @Test func `passes what is right, and reports it in every layout`() async throws {
    try await onOwnThread {
      let trial = start(specification)
      #expect(run(trial) { Float(log1p(exp(Double($0)))) == .infinity ? $0 : softplus($0) } > 10)
      #expect(report(trial, "json").contains("\"verdict\" : \"passed\""))
      #expect(report(trial, "json").contains("\"subject\" : \"mine\""))
      #expect(report(trial, "verdict").hasPrefix("grade: correctly-rounded"))
      for layout in ["markdown", "junit", "html"] {
        #expect(report(trial, layout).contains("softplus"))
      }
      #expect(report(trial, "findings") == "")
      var (done, total) = (0 as UInt64, 0 as UInt64)
      #expect(lo_trial_progress(trial, &done, &total) == lo_status(LO_OK))
      #expect(done == total && total > 500)
      #expect(lo_release(trial) == lo_status(LO_OK))
    }
  }

  private func softplus(_ z: Float) -> Float {
    let z = Double(z)
    return Float(max(z, 0) + log1p(exp(-abs(z))))
  }

  @Test func `finds what is wrong, shrinks it, and tries it first the next time`() async throws {
    try await onOwnThread {
      let trial = start(specification)
      run(trial) { Float(log1p(exp(Double($0)))) * ($0 > 3 ? 1.001 : 1) }
      #expect(report(trial, "findings").contains("softplus in float32: inaccurate"))
      let witnesses = report(trial, "witnesses")
      #expect(lo_release(trial) == lo_status(LO_OK))
      let quoted = try String(decoding: JSONEncoder().encode(witnesses), as: UTF8.self)
      let again = start(
        #"{"function": "softplus", "families": [], "search": 0, "claim": "ulp:2", "known": \#(quoted)}"#
      )
      run(again) { softplus($0) * ($0 > 3 ? 1.001 : 1) }
      #expect(report(again, "json").contains("\"family\" : \"known\""))
      #expect(report(again, "json").contains("\"verdict\" : \"fell short\""))
      #expect(lo_release(again) == lo_status(LO_OK))
    }
  }

  @Test func `takes what a row did for a finding, on one line`() async throws {
    try await onOwnThread {
      let trial = start(specification)
      run(trial, failingRow: { $0 > 40 }, softplus)
      let findings = report(trial, "findings")
      #expect(findings.contains("softplus in float32: crash"))
      #expect(!findings.contains("\u{1}"))
      #expect(lo_release(trial) == lo_status(LO_OK))
    }
  }

  @Test func `that is cancelled is incomplete, and released in the middle leaves nothing behind`()
    async throws
  {
    try await onOwnThread {
      let trial = start(specification)
      var batch = lo_batch()
      batch.size = MemoryLayout<lo_batch>.size
      #expect(next(trial, &batch) == lo_status(LO_OK))
      let number = batch.number
      #expect(next(trial, &batch) == lo_status(LO_OK))
      #expect(batch.number == number)
      var text: lo_handle = 0
      #expect(lo_trial_report(trial, "json", &text) == lo_status(LO_WAITING))
      let outputs = [Float](repeating: 0, count: batch.row_count)
      let invalid = lo_status(LO_INVALID_ARGUMENT)
      #expect(lo_trial_answer(trial, number + 9, outputs, outputs.count, nil, 0) == invalid)
      #expect(lo_trial_answer(trial, number, outputs, outputs.count + 1, nil, 0) == invalid)
      #expect(lo_trial_answer(trial, number, nil, outputs.count, nil, 0) == invalid)
      #expect(lo_trial_answer(trial, number, outputs, outputs.count, nil, 1) == invalid)
      var failure = lo_failure(row: outputs.count, kind: nil, message: nil)
      #expect(lo_trial_answer(trial, number, outputs, outputs.count, &failure, 1) == invalid)
      #expect(lo_trial_cancel(trial) == lo_status(LO_OK))
      #expect(next(trial, &batch) == lo_status(LO_FINISHED))
      #expect(report(trial, "json").contains("\"verdict\" : \"incomplete\""))
      #expect(lo_release(trial) == lo_status(LO_OK))
      let other = start(specification)
      #expect(next(other, &batch) == lo_status(LO_OK))
      #expect(lo_release(other) == lo_status(LO_OK))
      #expect(lo_trial_next(other, .nan, &batch) == lo_status(LO_INVALID_HANDLE))
    }
  }

  @Test func `runs in a C program as its example says`() async throws {
    try await onOwnThread {
      let run = Process()
      let output = Pipe()
      run.executableURL = URL(filePath: TestPaths.product("c-example"))
      run.standardOutput = output
      try run.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      run.waitUntilExit()
      #expect(run.terminationStatus == 0)
      #expect(text.hasPrefix("exact 2.63829721e-22 in ["), "\(text)")
      #expect(text.contains("cause    missing-max-shift (in float32)"), "\(text)")
    }
  }
}
