import CEntryPoints
import CLossOracle
import Foundation
import TestSupport
import Testing

/// Each of these would end a process that did not look.
@Suite struct `A wrong call through the C interface is an error with a text` {
  @Test(arguments: [
    (CCall(function: nil), LO_INVALID_ARGUMENT, "function is null"),
    (CCall(function: "softplux"), LO_INVALID_ARGUMENT, "no function \"softplux\""),
    (CCall(format: nil), LO_INVALID_ARGUMENT, "format is null"),
    (CCall(format: "float33"), LO_INVALID_ARGUMENT, "no format \"float33\""),
    (CCall(format: "e999m999"), LO_INVALID_ARGUMENT, "no format"),
    (CCall(options: "{"), LO_INVALID_ARGUMENT, "options"),
    (CCall(options: #"{"label_smoothing": 2}"#), LO_INVALID_INPUT, "label_smoothing is 2.0"),
    (CCall(options: #"{"pos_weight": 2}"#), LO_INVALID_ARGUMENT, "unknown field \"pos_weight\""),
    (CCall(options: #"{"class_weights": [1]}"#), LO_INVALID_INPUT, "1 class weights for 2 classes"),
    (CCall(reduction: "median"), LO_INVALID_ARGUMENT, "no reduction \"median\""),
    (CCall(function: "softmax", reduction: "mean", labels: nil), LO_INVALID_ARGUMENT, "no loss"),
    (CCall(outputFormat: ""), LO_INVALID_ARGUMENT, "no format \"\""),
    (CCall(rounding: "sideways"), LO_INVALID_ARGUMENT, "no rounding \"sideways\""),
    (CCall(rowCount: -1), LO_INVALID_ARGUMENT, "cannot be 18446744073709551615 rows"),
    (CCall(rowCount: 1 << 62, classCount: 4), LO_INVALID_ARGUMENT, "cannot be"),
    (CCall(rowCount: 1 << 61), LO_INVALID_ARGUMENT, "cannot be"),
    (CCall(classCount: 0), LO_INVALID_ARGUMENT, "of 0 classes"),
    (CCall(logits: nil), LO_INVALID_ARGUMENT, "logits is null"),
    (CCall(labels: nil), LO_INVALID_INPUT, "needs a target"),
    (CCall(labels: [2]), LO_INVALID_INPUT, "row 1: label 2 is out of range for 2 classes"),
    (CCall(labels: [-1]), LO_INVALID_INPUT, "label -1"),
    (CCall(labels: [1 << 40]), LO_INVALID_INPUT, "label 1099511627776"),
    (CCall(options: #"{"ignore_index": -100}"#, labels: [-101]), LO_INVALID_INPUT, "label -101"),
    (CCall(function: "softmax"), LO_INVALID_INPUT, "has no target"),
    (CCall(function: "sigmoid", labels: nil), LO_INVALID_INPUT, "one logit a row, not 2"),
    (CCall(function: "binary-cross-entropy", classCount: 1), LO_INVALID_INPUT, "probability"),
    (CCall(questionSize: 8), LO_INVALID_ARGUMENT, "question->size is 8"),
    (CCall(rowsSize: 0), LO_INVALID_ARGUMENT, "rows->size is 0"),
  ])
  func `about values`(_ call: CCall, _ status: Int, _ text: String) {
    #expect(call.values().status == lo_status(status))
    #expect(errorText.contains(text), "\(errorText)")
  }

  @Test func `about counts, null pointers and handles`() {
    let invalid = lo_status(LO_INVALID_ARGUMENT)
    #expect(CCall().values(count: 2).status == invalid)
    #expect(errorText.contains("count is 2; there are 1 values"))
    #expect(lo_values(nil, nil, nil, 0) == invalid)
    #expect(lo_value_count(nil, nil, nil) == invalid)
    #expect(CCall()({ lo_values($0, $1, nil, 1) }) == invalid)
    #expect(lo_ulp_distances("float32", nil, nil, 1, nil) == invalid)
    #expect(lo_ulp_distances("float32", nil, nil, -1, nil) == invalid)
    #expect(lo_catalogue(nil) == invalid)
    #expect(lo_trial_start(nil, nil) == invalid)
    var text: lo_handle = 0
    #expect(lo_catalogue(&text) == lo_status(LO_OK))
    #expect(lo_trial_cancel(text) == lo_status(LO_INVALID_HANDLE))
    #expect(lo_release(text) == lo_status(LO_OK))
    for handle in [0, text, .max] {
      #expect(lo_release(handle) == lo_status(LO_INVALID_HANDLE))
      #expect(lo_text_read(handle, nil, 0, nil) == lo_status(LO_INVALID_HANDLE))
      #expect(lo_trial_report(handle, "json", &text) == lo_status(LO_INVALID_HANDLE))
    }
    #expect(errorText.contains("there is no handle"))
  }

  @Test(arguments: [
    ("", "specification"), ("[]", "specification"), ("{}", "function"),
    (#"{"function": "softmax", "cases": -1}"#, "cases"),
    (#"{"function": "softmax", "cases": 1e99}"#, "specification"),
    (#"{"function": "softmax", "seed": -1}"#, "specification"),
    (#"{"function": "softmax", "colour": "red"}"#, "colour"),
    (#"{"function": "softmax", "claim": "perfect"}"#, "perfect"),
    (#"{"function": "softmax", "claim": "ulp:-1"}"#, "ulp:-1"),
    (#"{"function": "softmax", "claim": "ulp:nan"}"#, "ulp:nan"),
    (#"{"function": "softmax", "families": ["nobody"]}"#, "nobody"),
    (#"{"function": "softmax", "leastClasses": 9, "greatestClasses": 3}"#, "classes"),
    (#"{"function": "softmax", "greatestClasses": 100000000}"#, "classes"),
    (#"{"function": "softmax", "options": "{\"temperature\": \"x\"}"}"#, "temperature"),
    (#"{"function": "softmax", "known": "{}"}"#, "known"),
    (#"{"function": "softmax", "specialValues": "maybe"}"#, "maybe"),
  ])
  func `about trials`(_ specification: String, _ text: String) {
    var trial: lo_handle = 7
    #expect(lo_trial_start(specification, &trial) == lo_status(LO_INVALID_ARGUMENT))
    #expect(errorText.contains(text), "\(errorText)")
    #expect(trial == 7)
  }

  @Test func `about fixtures`() async throws {
    try await onOwnThread {
      let invalid = lo_status(LO_INVALID_ARGUMENT)
      #expect(lo_fixtures_write(#"{"function": "softmax"}"#, "/tmp/x.txt") == invalid)
      #expect(lo_fixtures_write(#"{"function": "softmax", "count": 0}"#, "/tmp/x.json") == invalid)
      try withTemporaryDirectory { folder in
        let path = folder.path("cases.json")
        #expect(
          lo_fixtures_write(#"{"function": "softmax", "count": 5}"#, path) == lo_status(LO_OK))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("\"softmax\""))
        #expect(
          lo_fixtures_write(#"{"function": "softmax"}"#, folder.path("no/x.json"))
            == lo_status(LO_FAILED))
      }
    }
  }
}
