import CEntryPoints
import CLossOracle
import Foundation
import Testing

/// A call of `lo_values` or its like, spelt as C spells it: every text and array a pointer.
struct CCall {
  var function: String? = "cross-entropy"
  var format: String? = "float32"
  var options: String?
  var reduction: String?
  var outputFormat: String?
  var rounding: String?
  var rowCount: Int?
  var classCount = 2
  var logits: [Float]? = [50, 0]
  var labels: [Int64]? = [0]
  var probabilities: [Float]?
  var gradOutput: [Float]?
  var targetLogits: [Float]?
  var questionSize = MemoryLayout<lo_question>.size
  var rowsSize = MemoryLayout<lo_rows>.size

  /// Calls `body` with the structures.
  func callAsFunction(
    _ body: (UnsafePointer<lo_question>, UnsafePointer<lo_rows>) -> lo_status
  ) -> lo_status {
    var copies: [UnsafeMutablePointer<CChar>?] = []
    defer { for copy in copies { free(copy) } }
    func c(_ text: String?) -> UnsafePointer<CChar>? {
      let copy = text.map { strdup($0) } ?? nil
      copies.append(copy)
      return copy.map { UnsafePointer($0) }
    }
    var question = lo_question(
      size: questionSize, function: c(function), options: c(options), reduction: c(reduction),
      output_format: c(outputFormat), rounding: c(rounding))
    return (logits ?? []).withUnsafeBufferPointer { logits in
      (labels ?? []).withUnsafeBufferPointer { labels in
        (gradOutput ?? []).withUnsafeBufferPointer { gradOutputs in
          (targetLogits ?? probabilities ?? []).withUnsafeBufferPointer { targets in
            var rows = lo_rows(
              size: rowsSize, format: c(format),
              row_count: rowCount ?? max(1, logits.count / max(classCount, 1)),
              class_count: classCount,
              logits: self.logits == nil ? nil : UnsafeRawPointer(logits.baseAddress),
              labels: self.labels == nil ? nil : labels.baseAddress,
              probabilities: probabilities == nil ? nil : UnsafeRawPointer(targets.baseAddress),
              grad_output: gradOutput == nil ? nil : UnsafeRawPointer(gradOutputs.baseAddress),
              target_logits: targetLogits == nil ? nil : UnsafeRawPointer(targets.baseAddress))
            return body(&question, &rows)
          }
        }
      }
    }
  }

  /// The values, as float32.
  func values(count: Int = 1) -> (status: lo_status, values: [Float]) {
    var values = [Float](repeating: -1, count: count)
    let status = self { lo_values($0, $1, &values, count) }
    return (status, values)
  }
}

/// What was wrong in the last call.
var errorText: String { lo_error_text().map { String(cString: $0) } ?? "" }

/// The bytes of a text's handle, which is released.
func read(_ text: lo_handle) -> String {
  var length = 0
  #expect(lo_text_read(text, nil, 0, &length) == lo_status(LO_OK))
  var bytes = [CChar](repeating: 0, count: length + 1)
  #expect(lo_text_read(text, &bytes, bytes.count, nil) == lo_status(LO_OK))
  #expect(lo_release(text) == lo_status(LO_OK))
  return String(decoding: bytes.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Runs `body` on a thread of its own, as a C program does: it waits for what runs on the threads of
/// Swift's tasks, which tests are too.
func onOwnThread(_ body: @escaping @Sendable () throws -> Void) async throws {
  try await withCheckedThrowingContinuation {
    (continuation: CheckedContinuation<Void, any Error>) in
    Thread { continuation.resume(with: Result { try body() }) }.start()
  }
}
