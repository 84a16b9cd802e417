extension SweepCertificate {
  /// One certificate of the shards' certificates, given in any order. Of three adjacent ones it does
  /// not matter which two are added first.
  ///
  /// - Parameter files: At least one, each with its path.
  /// - Throws: Where they are not of one sweep, not complete, or do not join without gap and overlap.
  package static func merged(
    _ files: [(path: String, certificate: SweepCertificate)]
  ) throws(SweepFileError) -> SweepCertificate? {
    let ordered = files.sorted { $0.certificate.first < $1.certificate.first }
    guard var result = ordered.first?.certificate else { return nil }
    for (path, next) in ordered {
      let differences = next.differences(from: result)
      guard differences.isEmpty else { throw .otherSweep(path: path, differences: differences) }
      guard next.isComplete else {
        throw .incomplete(path: path, done: next.done - next.first, of: next.end - next.first)
      }
    }
    for (path, next) in ordered.dropFirst() {
      if next.first < result.end {
        throw .overlap(path: path, first: next.first, expected: result.end)
      }
      if next.first > result.end { throw .gap(path: path, first: next.first, expected: result.end) }
      result.tally.add(next.tally)
      result.end = next.end
      result.done = next.end
    }
    return result
  }
}
