internal import FastKernels

/// Sums of products Σ a_k·b_k in double arithmetic, to as many bits as one asks, with a bound of their error.
///
/// Each factor is cut into slices of 22 bits below the greatest of its row or column, and a rest. Products of
/// slices are integers of one unit, at most 2⁴⁴ of them, so that the sum of a stretch of 128 is exact in any
/// order; only products with a rest round, and those are small. (K. Ozaki, T. Ogita, S. Oishi, S. M. Rump,
/// "Error-free transformations of matrix multiplication by using fast routines of matrix multiplication",
/// Numerical Algorithms 59, 2012.) With s slices, the last of them the rest,
///
///     a·b = Σ_{p < s} a⁽ᵖ⁾·(b⁽¹⁾ + … + b⁽ˢ⁻ᵖ⁾ + what is left of b)  +  what is left of a · b.
///
/// One slice is the plain sum.
enum SlicedProduct {
  /// The bits of a slice: two of them, and the 7 of a stretch, fit into 53.
  static let sliceBitCount = 22

  /// Half an ulp of 1: a sum or a product of doubles is off by this share of itself at most.
  static let unitRoundoff = 0x1p-53

  /// The unit that cuts numbers of at most this magnitude after so many slices: see `lo_split_row`.
  static func unit(greatest: Double, slice: Int) -> Double {
    guard greatest > 0 else { return 0 }
    return Double(
      sign: .plus, exponent: Int(greatest.exponent) + 1 + 52 - sliceBitCount * (slice + 1),
      significand: 1.5)
  }

  /// A power of two above numbers of at most this magnitude.
  static func power(above greatest: Double) -> Double {
    greatest > 0 ? Double(sign: .plus, exponent: Int(greatest.exponent) + 1, significand: 1) : 0
  }
}

/// The left factors: rows of numbers, in slices.
struct SlicedRows: Sendable {
  let rowCount: Int
  let depth: Int
  /// The slices, each [rows, depth]; the last is what is left.
  private(set) var slices: [[Double]]
  /// Σ |a⁽ᵖ⁾| of each row and slice, not too small.
  private(set) var magnitudes: [[Double]]
  /// Σ |a| and the root of Σ a² of each row, not too small.
  private(set) var sums: [Double] = []
  private(set) var norms: [Double] = []

  /// - Parameters:
  ///   - numbers: [rows, depth].
  ///   - rests: What is to be added to them, far smaller; none for one slice.
  init(_ numbers: [Double], rests: [Double]? = nil, rowCount: Int, depth: Int, sliceCount: Int) {
    (self.rowCount, self.depth) = (rowCount, depth)
    slices = [numbers]
    magnitudes = []
    // The roundings of a sum of magnitudes.
    let slack = 1 + Double(depth + 2) * SlicedProduct.unitRoundoff
    var greatest: [Double] = []
    numbers.withUnsafeBufferPointer { numbers in
      for row in 0..<rowCount {
        let result = lo_magnitudes(numbers.baseAddress.map { $0 + row * depth }, depth)
        greatest.append(result.greatest)
        sums.append(result.sum * slack)
        norms.append(result.squares.squareRoot() * slack)
      }
    }
    for slice in 0..<sliceCount - 1 {
      let source = slices[slice]
      var heads = source
      var others = source
      source.withUnsafeBufferPointer { source in
        heads.withUnsafeMutableBufferPointer { heads in
          others.withUnsafeMutableBufferPointer { others in
            guard let source = source.baseAddress, let heads = heads.baseAddress,
              let others = others.baseAddress
            else { return }
            for row in 0..<rowCount {
              let start = row * depth
              lo_split_row(
                source + start, depth, SlicedProduct.unit(greatest: greatest[row], slice: slice),
                heads + start, others + start)
            }
          }
        }
      }
      slices[slice] = heads
      slices.append(others)
    }
    if let rests, sliceCount > 1 {
      for place in rests.indices { slices[sliceCount - 1][place] += rests[place] }
    }
    for slice in slices {
      magnitudes.append(
        slice.withUnsafeBufferPointer { slice in
          (0..<rowCount).map { row in
            lo_magnitudes(slice.baseAddress.map { $0 + row * depth }, depth).sum * slack
          }
        })
    }
  }

  var sliceCount: Int { slices.count }

  /// What the sums of a row are off by, for right factors below 1 in magnitude; `errors` times as much for
  /// factors below that.
  ///
  /// A stretch of 128 products, fused, is off by 128 u of its magnitudes. The stretches are added without loss,
  /// but for the roundings of the low parts: n of them, each of at most n u² of all magnitudes.
  ///
  /// - Parameter passCount: How many such sums are added up.
  func error(_ row: Int, passCount: Int = 1) -> Double {
    let sliceCount = sliceCount
    var inexact = magnitudes[sliceCount - 1][row]
    for slice in 0..<sliceCount - 1 {
      let rest = Double(
        sign: .plus, exponent: -SlicedProduct.sliceBitCount * (sliceCount - 1 - slice),
        significand: 1)
      inexact += magnitudes[slice][row] * rest
    }
    let u = SlicedProduct.unitRoundoff
    let stretchCount = Double(
      passCount * ((depth / Int(lo_stretch) + 1) * (sliceCount * (sliceCount + 1) / 2) + 4))
    return
      (inexact * (Double(lo_stretch) + 2) * u + 4 * sums[row] * stretchCount * stretchCount * u * u)
      * (1 + 0x1p-20) + 0x1p-1000
  }
}

/// Sixteen columns of right factors, in slices: the numbers, and after each slice the slice and what is left.
struct SlicedPanel {
  let depth: Int
  /// The greatest magnitude of each column, and Σ b² of it, not too small.
  private(set) var greatest = [Double](repeating: 0, count: Int(lo_panelWidth))
  private(set) var squares = [Double](repeating: 0, count: Int(lo_panelWidth))
  private var whole: [Double]
  private var heads: [[Double]] = []
  private var rests: [[Double]] = []

  /// - Parameters:
  ///   - numbers: Those of a matrix, so many apart.
  ///   - isTransposed: Whether its rows become the columns.
  init(
    _ numbers: UnsafePointer<Float>, stride: Int, columnCount: Int, depth: Int,
    isTransposed: Bool, sliceCount: Int
  ) {
    self.depth = depth
    let width = Int(lo_panelWidth)
    whole = [Double](unsafeUninitializedCapacity: depth * width) { panel, count in
      if isTransposed {
        lo_pack_columns(numbers, stride, columnCount, depth, panel.baseAddress)
      } else {
        lo_pack_rows(numbers, stride, columnCount, depth, panel.baseAddress)
      }
      count = depth * width
    }
    lo_column_magnitudes(whole, depth, &greatest, &squares)
    let slack = 1 + Double(depth + 2) * SlicedProduct.unitRoundoff
    for column in squares.indices { squares[column] *= slack }
    for slice in 0..<sliceCount - 1 {
      let units = greatest.map { SlicedProduct.unit(greatest: $0, slice: slice) }
      var (head, rest) = (whole, whole)
      lo_split_panel(slice == 0 ? whole : rests[slice - 1], depth, units, &head, &rest)
      heads.append(head)
      rests.append(rest)
    }
  }

  /// Adds the products of rows, from a place on, by the columns to pairs, rows of `width`.
  func addProducts(
    of rows: SlicedRows, from first: Int = 0, to high: UnsafeMutablePointer<Double>,
    _ low: UnsafeMutablePointer<Double>, width: Int
  ) {
    func add(_ left: [Double], _ right: [Double]) {
      left.withUnsafeBufferPointer { left in
        lo_add_products(
          left.baseAddress.map { $0 + first }, rows.depth, rows.rowCount, right, depth, high, low,
          width)
      }
    }
    let last = rows.sliceCount - 1
    for slice in 0..<last {
      for other in 0..<last - slice { add(rows.slices[slice], heads[other]) }
      add(rows.slices[slice], rests[last - slice - 1])
    }
    add(rows.slices[last], whole)
  }
}
