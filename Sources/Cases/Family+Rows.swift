package import LossFunctions

extension Family {
  /// The cases with a range of indices, as columns: the same as `input` makes one by one, those of one
  /// number of classes and kind of target together.
  ///
  /// The places are the indices.
  package func rows(_ shape: CaseShape, seed: UInt64, indices: Range<Int>) -> [PlacedRows] {
    var batches = indices.map { input(shape, seed: seed, index: $0) }.batches(in: shape.format)
    for batch in batches.indices {
      for row in batches[batch].places.indices {
        batches[batch].places[row] += indices.lowerBound
      }
    }
    return batches
  }
}
