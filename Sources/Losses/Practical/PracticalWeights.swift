/// The softmax of a row as practical forms multiply with it.
///
/// e^(x − m) is held as the square of h = e^((x − m)/2), with the error of the difference: p·v is h·(h·v)/(1 + S), which
/// keeps its digits where p alone is below the normal numbers and v is large. That costs one more error of exp, 1.02u.
struct PracticalWeights<T: LossNumber> {
  let row: PracticalRow<T>
  /// h for each class.
  private let halves: [T]
  /// 1 + S, and of rows whose sum would overflow that many times `row.one`.
  private let total: T

  /// - Parameter x: A row, of which the greatest logit is finite.
  @inline(never)
  init(_ x: [T]) {
    let row = x.withUnsafeBufferPointer { PracticalRow($0) }
    self.row = row
    total = row.one + row.sum
    halves = x.map { logit in
      let (difference, error) = twoSum(logit, -row.maximum)
      let half = T.exp(difference / 2)
      return half + correction(half, error / 2)
    }
  }

  /// Whether the class is so far below that its probability is 0, however it is held.
  func isAbsent(_ index: Int) -> Bool { halves[index] == 0 }

  /// e^(xᵢ − m)·v, times what keeps the sum of all finite.
  @inline(never)
  func term(_ index: Int, _ value: T) -> T {
    let half = halves[index]
    return half == 0 ? 0 : half * (half * (row.one * value))
  }

  /// pᵢ·v.
  func product(_ index: Int, _ value: T) -> T { term(index, value) / total }

  /// A sum of terms as a mean.
  func mean(ofSum sum: T) -> T { sum / total }

  /// Σ pᵢ·vᵢ.
  @inline(never)
  func mean(_ values: [T]) -> T {
    mean(ofSum: compensatedSum(values.indices.map { term($0, values[$0]) }))
  }

  /// pᵢ·(vᵢ − Σ pⱼ·vⱼ) for each class: the softmax's vector–Jacobian product.
  ///
  /// What all v have in common is gone before anything is rounded with it: v − v_g of the greatest class g, less the
  /// mean c of these, less the mean of what is left then, which c was off by. The last two differences have the
  /// errors of numbers as large as what v is spread by.
  @inline(never)
  func centredProducts(_ values: [T]) -> [T] {
    if let products = finiteCentredProducts(values) { return products }
    guard values.indices.allSatisfy({ isAbsent($0) || values[$0].isFinite }) else {
      let mean = mean(values)
      return values.indices.map { product($0, values[$0] - mean) }
    }
    // Of finite numbers whose differences, or the sum of them, are not.
    return centredProducts(values.map { $0 / 4 }).map { 4 * $0 }
  }

  /// - Returns: nil where a difference or a sum overflows.
  @inline(never)
  private func finiteCentredProducts(_ values: [T]) -> [T]? {
    let reference = values[row.greatest]
    let differences = values.indices.map { index in
      isAbsent(index) ? (sum: 0, error: 0) : twoSum(values[index], -reference)
    }
    let centre = mean(differences.map(\.sum))
    guard differences.allSatisfy(\.sum.isFinite), centre.isFinite else { return nil }
    let centred = differences.map { difference in
      let (sum, error) = twoSum(difference.sum, -centre)
      return sum + (error + difference.error)
    }
    let residue = mean(centred)
    guard residue.isFinite, centred.allSatisfy(\.isFinite) else { return nil }
    return centred.indices.map { product($0, centred[$0] - residue) }
  }
}

/// A sum in pairs, and pairs of pairs, with what each addition lost: u of the sum of the magnitudes, for rows of any
/// length.
@inline(never)
func compensatedSum<T: LossNumber>(_ terms: [T]) -> T {
  var terms = terms
  var errors = [T](repeating: 0, count: terms.count)
  terms.withUnsafeMutableBufferPointer { terms in
    errors.withUnsafeMutableBufferPointer { errors in
      guard let terms = terms.baseAddress, let lost = errors.baseAddress else { return }
      addInPairs(terms, lost, errors.count)
    }
  }
  // After an overflow the errors are NaN.
  guard let sum = terms.first, sum.isFinite else { return terms.first ?? 0 }
  return sum + errors[0]
}
