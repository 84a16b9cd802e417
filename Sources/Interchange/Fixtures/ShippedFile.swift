internal import ShippedFixtures
package import SmallFoundation

/// The files of the package's `Fixtures` that the library and the command hold in themselves.
package enum ShippedFile {
  /// The names of the files of a folder, without their extension, sorted.
  package static func names(in folder: String) -> [String] {
    all.compactMap { file in
      let path = file.path.split(separator: "/")
      return path.first.map(String.init) == folder
        ? path.last.map { String($0.prefix { $0 != "." }) } : nil
    }.sorted()
  }

  /// The bytes of a file; nil where it is not among them.
  package static func data(_ path: String) -> Data? {
    all.first { $0.path == path }?.data
  }

  /// A file of tensors.
  ///
  /// - Throws: `FileAccessError` where it is not among them.
  package static func safetensors(_ path: String) throws -> SafetensorsFile {
    guard let data = data(path) else {
      throw FileAccessError.unreadable(path: path, reason: "it is not among the shipped files")
    }
    return try SafetensorsFile(data)
  }

  private static var all: [(path: String, data: Data)] {
    (0...).lazy.map { shippedFixture($0) }.prefix { $0 != nil }.compactMap { $0?.pointee }.map {
      // The table outlives everything, so its bytes are not copied.
      let bytes = UnsafeMutableRawPointer(mutating: $0.bytes)
      return (
        String(cString: $0.name),
        Data(bytesNoCopy: bytes, count: $0.byteCount, deallocator: .none)
      )
    }
  }
}
