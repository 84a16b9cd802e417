internal import Checking
internal import Foundation
internal import LossOracle

/// The drawings of error curves, which tools/draw-curves makes with matplotlib.
enum CurvePictures {
  private struct Drawings: Decodable {
    let light: String
    let dark: String
  }

  /// The drawings for light and dark pages; nil where there is no Python with matplotlib, which a note
  /// on stderr says.
  static func draw(_ curves: ErrorCurves) -> (light: String, dark: String, caption: String)? {
    let caption =
      "Error in ulps of the exact value along one logit: the checked implementation over the "
      + "built-in naive form and the one from logits. A ring marks the worst point of each; the "
      + "dotted line at 0.5 is a correct rounding."
    guard !curves.curves.isEmpty, let fixtures = FixtureFolder.locate(),
      let data = try? JSONEncoder().encode(curves),
      let output = run(
        fixtures.deletingLastPathComponent().appending(path: "tools/draw-curves"), data),
      let drawings = try? JSONDecoder().decode(Drawings.self, from: output)
    else {
      try? StandardStream.error.write(
        "Note: the page has no curves, for drawing them takes Python with matplotlib "
          + "(LOSS_ORACLE_PYTHON names another python3).\n")
      return nil
    }
    return (drawings.light, drawings.dark, caption)
  }

  private static func run(_ script: URL, _ input: Data) -> Data? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let python = ProcessInfo.processInfo.environment["LOSS_ORACLE_PYTHON"] ?? "python3"
    process.arguments = [python, script.path]
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
      try stdin.fileHandleForWriting.write(contentsOf: input)
      try stdin.fileHandleForWriting.close()
    } catch { return nil }
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? output : nil
  }
}
