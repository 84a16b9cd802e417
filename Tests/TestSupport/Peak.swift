#if os(Linux)
  internal import Foundation

  /// The most memory that the process has had.
  package enum Peak {
    private static var bytes: Int {
      let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
      return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
        .map { $0 * 1024 } ?? .max / 2
    }

    /// Gives back what is free, so that no memory is had for nothing, and forgets the peak so far.
    ///
    /// The end of a thread's own heap is not given back, and once a long array has been freed the next one comes from
    /// there: so arrays of 64 KiB or more are mapped from here on, each by itself.
    private static func reset() {
      call("mallopt", as: (@convention(c) (CInt, CInt) -> CInt).self) { _ = $0(-3, 1 << 16) }
      call("malloc_trim", as: (@convention(c) (Int) -> CInt).self) { _ = $0(0) }
      try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
    }

    private static func call<Function>(
      _ name: String, as _: Function.Type, _ body: (Function) -> Void
    ) {
      if let address = dlsym(nil, name) { body(unsafeBitCast(address, to: Function.self)) }
    }

    /// How much more memory than before a body has had at most: the least of some tries, for now and then code is loaded.
    package static func growth(tries: Int = 3, _ body: () throws -> Void) rethrows -> Int {
      try (0..<tries).map { _ in
        reset()
        let before = bytes
        try body()
        return bytes - before
      }.min() ?? .max
    }
  }
#endif
