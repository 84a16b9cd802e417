internal import ShippedFixtures
package import SmallFoundation

/// A folder of the package's `Fixtures` that the library and the command hold in themselves.
///
/// The folders stand in files of their own: what is linked statically has those alone that it asks for.
package struct ShippedFolder: Sendable {
  private let name: String
  private let file: @Sendable (Int) -> UnsafePointer<ShippedFixture>?

  init(_ name: String, _ file: @escaping @Sendable (Int) -> UnsafePointer<ShippedFixture>?) {
    self.name = name
    self.file = file
  }

  /// The names of its files, without their extension, sorted.
  package var names: [String] { files.map { String($0.name.prefix { $0 != "." }) }.sorted() }

  /// The bytes of a file; nil where it is not among them.
  package func data(_ name: String) -> Data? {
    files.first { $0.name == name }?.data
  }

  /// A file of tensors.
  ///
  /// - Throws: `FileAccessError` where it is not among them.
  package func safetensors(_ name: String) throws -> SafetensorsFile {
    guard let data = data(name) else {
      throw FileAccessError.unreadable(
        path: "\(self.name)/\(name)", reason: "it is not among the shipped files")
    }
    return try SafetensorsFile(data)
  }

  private var files: [(name: String, data: Data)] {
    (0...).lazy.map { file($0) }.prefix { $0 != nil }.compactMap { $0?.pointee }.map {
      // The table outlives everything, so its bytes are not copied.
      let bytes = UnsafeMutableRawPointer(mutating: $0.bytes)
      return (
        String(cString: $0.name),
        Data(bytesNoCopy: bytes, count: $0.byteCount, deallocator: .none)
      )
    }
  }
}
