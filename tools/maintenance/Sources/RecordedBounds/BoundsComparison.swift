/// What differs between the bounds that stand and new ones.
public struct BoundsComparison: Sendable {
  /// One entry that differs.
  public struct Change: Hashable, Sendable {
    /// What the entry is about.
    public let key: BoundRecord.Key
    /// How it differs.
    public let kind: Kind
    /// The largest error that stood, and the new one; nil where there is none.
    public let old: Double?
    public let new: Double?
  }

  /// How an entry differs, the worst first.
  public enum Kind: String, CaseIterable, Sendable {
    /// Outputs are infinite or NaN, or of the wrong sign, that were not.
    case worseKind = "fails in a new way"
    /// The largest error grew.
    case grew
    /// The largest error became less.
    case fell
    /// There was no such entry.
    case added = "new"
    /// There is no such entry any more.
    case removed = "gone"
  }

  /// The entries that differ, in the order of the new ones, those that are gone last.
  public let changes: [Change]

  /// Compares two sets of records.
  public init(old: [BoundRecord], new: [BoundRecord]) {
    let before = Dictionary(old.map { ($0.key, $0) }) { first, _ in first }
    let names = Set(new.map(\.key))
    changes =
      new.compactMap { Self.change(from: before[$0.key], to: $0) }
      + old.filter { !names.contains($0.key) }.map {
        Change(key: $0.key, kind: .removed, old: $0.maximumULPs, new: nil)
      }
  }

  private static func change(from old: BoundRecord?, to new: BoundRecord) -> Change? {
    func change(_ kind: Kind) -> Change {
      Change(key: new.key, kind: kind, old: old?.maximumULPs, new: new.maximumULPs)
    }
    guard let old else { return change(.added) }
    let failsAnew =
      (old.nonFinite == 0 && new.nonFinite > 0) || (old.wrongSign == 0 && new.wrongSign > 0)
    if failsAnew { return change(.worseKind) }
    let (before, after) = (old.maximumULPs ?? 0, new.maximumULPs ?? 0)
    if before == after { return nil }
    return change(after > before ? .grew : .fell)
  }
}
