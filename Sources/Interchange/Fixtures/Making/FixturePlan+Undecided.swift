internal import Cases
internal import LossFunctions

// What no theorem settles may stay undecided. Such a case has no expected value, so that the others go without it.

extension FixturePlan {
  /// The cases that are left out, as the oracle does not decide their values, by the names that they would have.
  public var undecidedCases: [String] {
    parts.flatMap { part in part.undecided.map { "\(part.family.name)-\($0)" } }
  }

  /// The same plan without the cases at some places, in order; where rows stand side by side, also without as many of the
  /// last as the places of a block would leave over.
  ///
  /// - Returns: nil where no case is left.
  func leavingOut(_ places: [Int]) -> FixturePlan? {
    var plan = self
    var rest = places[...]
    var start = 0
    for (position, part) in parts.enumerated() {
      let end = start + part.caseCount
      let count = rest.prefix { $0 < end }.count
      let indices = rest.prefix(count).map { part.index($0 - start) }
      rest = rest.dropFirst(count)
      plan.parts[position].undecided = (part.undecided + indices).sorted()
      plan.parts[position].caseCount -= count
      start = end
    }
    plan.fillBlocks()
    return plan.caseCount > 0 ? plan : nil
  }

  private mutating func fillBlocks() {
    let inner = firstRowShape.map { $0.count > 1 ? $0[1] : 1 } ?? layout.inner ?? 1
    var excess = caseCount % inner
    for position in parts.indices.reversed() {
      let count = min(excess, parts[position].caseCount)
      parts[position].caseCount -= count
      excess -= count
    }
    guard let shape = firstRowShape else { return }
    firstRowShape = shape.count > 1 ? [caseCount / inner, inner] : [caseCount]
    layout = RowLayout(inner: caseCount)
  }

  /// The cases at a range of places: of which families, and at which places in them.
  func parts(of range: Range<Int>) -> [(family: Family, indices: Range<Int>)] {
    var start = 0
    return parts.flatMap { part in
      defer { start += part.caseCount }
      let places = range.clamped(to: start..<start + part.caseCount)
      return part.runs(places.lowerBound - start..<places.upperBound - start).map {
        (part.family, $0)
      }
    }
  }
}

extension FixturePlan.Part {
  /// Which of the family's cases stands at a place.
  func index(_ place: Int) -> Int {
    // Each that is left out before it moves it by one.
    undecided.reduce(place) { $1 <= $0 ? $0 + 1 : $0 }
  }

  /// Which of the family's cases stand at a range of places, in runs.
  fileprivate func runs(_ places: Range<Int>) -> [Range<Int>] {
    guard !places.isEmpty else { return [] }
    var start = index(places.lowerBound)
    let end = index(places.upperBound - 1) + 1
    var runs: [Range<Int>] = []
    for gap in undecided where gap >= start && gap < end {
      if start < gap { runs.append(start..<gap) }
      start = gap + 1
    }
    return runs + [start..<end]
  }
}
