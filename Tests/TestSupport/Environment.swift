public import Foundation

/// The value of an environment variable, if it is set and not empty.
func environmentValue(_ name: String) -> String? {
  ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
}

/// Where the tests find what they need.
public enum TestPaths {
  /// The folder of the package.
  public static var package: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
  }

  /// The command that was built with the tests.
  public static var command: URL { URL(filePath: product("loss-oracle")) }

  /// The Python of the path itself: shims before it, as pyenv has them, would take longer to start than it.
  public static let python: String = {
    let (process, pipe) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", "import sys; print(sys.executable, end='')"]
    process.standardOutput = pipe
    let isRun = (try? process.run()) != nil
    let path = isRun ? try? pipe.fileHandleForReading.readToEnd() : nil
    return path.map { String(decoding: $0, as: UTF8.self) } ?? "python3"
  }()

  /// A Python for programs that need no packages, of which tests start hundreds: the system's, where it is there,
  /// starts in a tenth of the time of one with packages.
  public static let plainPython: [String] = {
    let system = "/usr/bin/python3"
    return [FileManager.default.isExecutableFile(atPath: system) ? system : python, "-S", "-E"]
  }()

  /// A program that was built with the tests.
  public static func product(_ name: String) -> String {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name).path
  }
}
