import SmallFoundation

/// When a fault is committed that is not each time: the first so many times, or each so manyth, counted over
/// all processes by the bytes of a file.
struct Chances {
  private let path: String
  private let isDue: (Int) -> Bool

  /// Chances by the words `first COUNT FILE` or `each COUNT FILE`.
  init(_ words: ArraySlice<String>) {
    let words = Array(words) + ["first", "0", "/dev/null"]
    let count = Int(words[1]) ?? 0
    path = words[2]
    isDue = words[0] == "each" ? { $0 % count == count - 1 } : { $0 < count }
  }

  /// Whether it is time.
  func next() -> Bool {
    guard let file = fopen(path, "a") else { return false }
    defer { fclose(file) }
    let done = ftell(file)
    fputc(46, file)
    return isDue(done)
  }
}
