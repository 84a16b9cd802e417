import Foundation
import Sweeps
import Testing
import Verification

/// A path at which nothing is.
func unusedPath() -> String {
  FileManager.default.temporaryDirectory.appending(path: "sweep-\(UUID().uuidString)").path
}

/// What a sweep comes to from beginning to end, as the state that it saves at last has it, too.
func completed(_ plan: SweepPlan, threadCount: Int = 2) async throws -> SweepCertificate {
  let path = unusedPath()
  defer { try? FileManager.default.removeItem(atPath: path) }
  let result = try await Sweep(plan, threadCount: threadCount).run(
    from: SweepCertificate(plan), checkpoint: path, progress: { _, _ in })
  #expect(try SweepCertificate.read(path).tally == result.tally)
  return result
}
