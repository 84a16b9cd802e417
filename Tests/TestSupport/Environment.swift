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

  /// A program that was built with the tests.
  public static func product(_ name: String) -> String {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name).path
  }
}
