extension Figure {
  /// A line to draw: one curve, or several that run together, under all of their names.
  struct Line {
    /// The place of its first curve, which gives its colour.
    let place: Int
    var names: [String]
    let points: [(x: Double, y: Double?)]
    let mark: Int?
  }

  /// The lines, so that none hides another.
  var lines: [Line] {
    let known = curves.flatMap { $0.y.compactMap(\.self) }
    let height = (known.max() ?? 0) - (known.min() ?? 0)
    var lines: [Line] = []
    for (place, curve) in curves.enumerated() where curve.y.contains(where: { $0 != nil }) {
      let points = Array(zip(curve.x, curve.y))
      let same = lines.firstIndex { line in
        line.points.count == points.count
          && zip(line.points, points).allSatisfy { a, b in
            a.x == b.0 && looksTheSame(a.y, b.1, height)
          }
      }
      if let same {
        lines[same].names.append(curve.name)
      } else {
        lines.append(
          Line(
            place: place, names: [curve.name], points: points.map { (x: $0.0, y: $0.1) },
            mark: curve.mark))
      }
    }
    return lines
  }

  /// Whether nobody could tell two heights apart.
  private func looksTheSame(_ a: Double?, _ b: Double?, _ height: Double) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return abs(a - b) <= 0.002 * (leastY == nil ? height : max(abs(a), abs(b)))
  }
}
