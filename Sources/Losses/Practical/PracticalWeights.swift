/// The softmax of a row as practical forms multiply with it.
///
/// e^(x − m) is held as the square of h = e^((x − m)/2), with the error of the difference: p·v is h·(h·v)/(1 + S), which
/// keeps its digits where p alone is below the normal numbers and v is large. That costs one more error of exp, 1.02u.
struct PracticalWeights<T: LossNumber> {
  let row: PracticalRow<T>
  /// h for each class.
  private let halves: RowRoom<T>.Column
  /// 1 + S, and of rows whose sum would overflow that many times `row.one`.
  private let total: T
  private let scratch: RowRoom<T>

  /// - Parameters:
  ///   - x: A row, of which the greatest logit is finite.
  ///   - halves: Room for h.
  ///   - scratch: Two columns for sums, which other weights may use in turn.
  @inline(never)
  init(_ x: UnsafeBufferPointer<T>, halves: RowRoom<T>.Column, scratch: RowRoom<T>) {
    let row = PracticalRow(x)
    self.row = row
    self.halves = halves
    self.scratch = scratch
    total = row.one + row.sum
    for index in x.indices {
      let (difference, error) = twoSum(x[index], -row.maximum)
      let half = T.exp(difference / 2)
      halves[index] = half + correction(half, error / 2)
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

  /// The sum of a number for each class.
  @inline(__always)
  func sum(_ number: (_ index: Int) -> T) -> T {
    let terms = scratch[0]
    for index in terms.indices { terms[index] = number(index) }
    return compensatedSum(terms, errors: scratch[1])
  }

  /// Σ pᵢ·vᵢ.
  @inline(__always)
  func mean(_ value: (_ index: Int) -> T) -> T {
    mean(ofSum: sum { term($0, value($0)) })
  }

  /// Puts pᵢ·(vᵢ − Σ pⱼ·vⱼ) in the place of each value: the softmax's vector–Jacobian product.
  ///
  /// What all v have in common is gone before anything is rounded with it: v − v_g of the greatest class g, less the
  /// mean c of these, less the mean of what is left then, which c was off by. The last two differences have the
  /// errors of numbers as large as what v is spread by.
  ///
  /// - Parameter columns: Room for two numbers of each class.
  @inline(never)
  func centre(
    _ values: RowRoom<T>.Column, _ columns: (RowRoom<T>.Column, RowRoom<T>.Column)
  ) {
    if centreFinite(values, columns) { return }
    guard values.indices.allSatisfy({ isAbsent($0) || values[$0].isFinite }) else {
      let mean = mean { values[$0] }
      for index in values.indices { values[index] = product(index, values[index] - mean) }
      return
    }
    // Of finite numbers whose differences, or the sum of them, are not.
    for index in values.indices { values[index] = values[index] / 4 }
    centre(values, columns)
    for index in values.indices { values[index] = 4 * values[index] }
  }

  /// - Returns: false, and the values as they were, where a difference or a sum overflows.
  @inline(never)
  private func centreFinite(
    _ values: RowRoom<T>.Column, _ columns: (RowRoom<T>.Column, RowRoom<T>.Column)
  ) -> Bool {
    let (sums, errors) = columns
    let reference = values[row.greatest]
    for index in values.indices {
      (sums[index], errors[index]) = isAbsent(index) ? (0, 0) : twoSum(values[index], -reference)
    }
    let centre = mean { sums[$0] }
    guard sums.allSatisfy(\.isFinite), centre.isFinite else { return false }
    for index in values.indices {
      let (sum, error) = twoSum(sums[index], -centre)
      sums[index] = sum + (error + errors[index])
    }
    let residue = mean { sums[$0] }
    guard residue.isFinite, sums.allSatisfy(\.isFinite) else { return false }
    for index in values.indices { values[index] = product(index, sums[index] - residue) }
    return true
  }
}

/// A sum in pairs, and pairs of pairs, with what each addition lost: u of the sum of the magnitudes, for rows of any
/// length. The terms are lost.
///
/// - Parameter errors: Room for as many numbers.
@inline(never)
func compensatedSum<T: LossNumber>(
  _ terms: UnsafeMutableBufferPointer<T>, errors: UnsafeMutableBufferPointer<T>
) -> T {
  guard let start = terms.baseAddress, let lost = errors.baseAddress, !terms.isEmpty else {
    return 0
  }
  for index in terms.indices { errors[index] = 0 }
  addInPairs(start, lost, terms.count)
  // After an overflow the errors are NaN.
  return terms[0].isFinite ? terms[0] + errors[0] : terms[0]
}
