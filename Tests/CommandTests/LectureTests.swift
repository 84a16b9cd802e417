import Foundation
import TestSupport
import Testing

/// Plays the lecture's notebook in tools/lecture against the built command. Its cells assert what the
/// lecture claims.
@Suite struct `The lecture` {
  private static let hasNumPy =
    (try? Run(["-c", "import numpy"], of: URL(filePath: TestPaths.python)))?.status == 0

  private static let player = TestPaths.package.appending(path: "tools/lecture/play.py").path

  @Test(.enabled(if: hasNumPy, "python3 with NumPy is not there"))
  func `holds in its notebook, cell by cell`() throws {
    let run = try Run(
      ["LOSS_ORACLE=\(TestPaths.command.path)", TestPaths.python, Self.player],
      of: URL(filePath: "/usr/bin/env"))
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains("first z at which the chain rule gives NaN: 16.75"))
  }

  @Test(.enabled(if: hasNumPy, "python3 with NumPy is not there"))
  func `does not hold of a command that answers wrongly`() throws {
    let run = try Run(
      ["LOSS_ORACLE=/bin/true", TestPaths.python, Self.player], of: URL(filePath: "/usr/bin/env"))
    #expect(run.status != 0)
  }
}
