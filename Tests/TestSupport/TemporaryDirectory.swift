public import Foundation

/// A folder of a test's own.
public struct TemporaryDirectory {
  /// Where it is.
  public let url: URL

  /// The path of a file in it.
  public func path(_ name: String) -> String { url.appending(path: name).path }
}

/// Makes a folder, and removes it and all in it after `body`.
public func withTemporaryDirectory<Output>(
  _ body: (TemporaryDirectory) throws -> Output
) throws -> Output {
  let url = FileManager.default.temporaryDirectory.appending(
    path: "loss-oracle-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(TemporaryDirectory(url: url))
}
