internal import ArgumentParser
internal import LossFunctions

/// The name that somebody may have meant.
enum Suggestion {
  /// There is no such thing, and what there is instead.
  static func unknown(_ kind: String, _ name: String, among names: [String]) -> ValidationError {
    ValidationError(
      "There is no \(kind) \(name.shown). "
        + (nearest(to: name, among: names).map { "Did you mean \"\($0)\"?" }
          ?? "There are \(names.joined(separator: ", "))."))
  }

  /// The nearest name, if at most a third of its letters differ.
  static func nearest(to written: String, among names: [String]) -> String? {
    let distances = names.map { (name: $0, distance: distance(written, $0)) }
    guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, best.name.count / 3) ? best.name : nil
  }

  /// The least number of letters to insert, leave out, replace, or swap with the next.
  ///
  /// - Complexity: The product of the lengths, of which no more than 64 letters count.
  private static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.prefix(64)), Array(b.prefix(64)))
    var (twoAbove, above) = ([Int](), Array(0...b.count))
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(above[j + 1] + 1, row[j] + 1, above[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          least = min(least, twoAbove[j - 1] + 1)
        }
        row.append(least)
      }
      (twoAbove, above) = (above, row)
    }
    return above[b.count]
  }
}
