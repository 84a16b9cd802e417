import Foundation
import TestSupport
import Testing
import Verification

/// Whether what is recorded was recorded on a machine like this one: the last bits of `exp` and `log` are
/// others elsewhere, and with them the errors of all that calls them.
let isRecordedHere = FileManager.default.fileExists(
  atPath: TestPaths.package.appending(path: "Fixtures/bounds/\(Platform.current.name).jsonl").path)

extension Trait where Self == ConditionTrait {
  /// For what holds to the last bit, and so on the recorded platforms alone. What it claims of other ones
  /// stands in a test beside it.
  static var onRecordedPlatform: Self {
    .enabled(
      if: isRecordedHere,
      "nothing is recorded for \(Platform.current.name); tools/record-bounds records")
  }
}
