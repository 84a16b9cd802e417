public import RealModule

/// The sum of the halves' sums, down to single terms: ⌈log₂ n⌉ roundings for each term.
public struct PairwiseSum: ShiftedSum {
  public var name: String { "pairwise" }
  public var formula: String { "pairwise sum of e^(x - max)" }
  public var source: String { "Higham, \"The accuracy of floating point summation\" (1993)" }
  public var frameworks: [String] { ["NumPy"] }

  public init() {}

  @inlinable
  public func shiftedSum<T: Real>(_ x: [T]) -> (maximum: T, sum: T) {
    var maximum = -T.infinity
    for logit in x { maximum = T.maximum(maximum, logit) }
    return (maximum, sum(x.map { T.exp($0 - maximum) }[...]))
  }

  @inlinable
  func sum<T: Real>(_ terms: ArraySlice<T>) -> T {
    guard terms.count > 1, let first = terms.first else { return terms.first ?? 0 }
    if terms.count == 2 { return first + terms[terms.startIndex + 1] }
    let middle = terms.startIndex + terms.count / 2
    return sum(terms[..<middle]) + sum(terms[middle...])
  }
}
