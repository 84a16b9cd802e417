internal import FloatFormats

/// How rows stand in an array: [rows, classes], or with the classes in the middle, [outer, classes, inner].
///
/// Row r is [r / inner, :, r mod inner] of the second. PyTorch's losses take such arrays, with as many axes behind
/// the classes as there are, TensorFlow's and JAX' an axis, and kernels of segmentation read with a stride of
/// `inner`. What has one number for each row stands as [outer, inner], which is the order of the rows. A layout
/// says where numbers stand, and nothing of what they are.
public struct RowLayout: Hashable, Sendable {
  /// How many rows stand side by side; nil where the classes are last.
  public let inner: Int?

  /// [rows, classes].
  public static let classesLast = RowLayout(inner: nil)

  /// The sizes that `inner` may have: what is asked is filled up to so many rows.
  package static let innerRange = 1...256

  /// So many rows side by side, or the classes last.
  public init(inner: Int?) { self.inner = inner.map { max($0, 1) } }

  /// The least number of rows that fill the array, of at least so many.
  package func filled(_ rowCount: Int) -> Int {
    let inner = inner ?? 1
    return (rowCount + inner - 1) / inner * inner
  }

  /// The same layout for rows that are to fill it alone, with as many side by side as their number allows.
  package func fitting(_ rowCount: Int) -> RowLayout {
    guard let inner else { return self }
    return RowLayout(inner: (1...inner).last { rowCount.isMultiple(of: $0) })
  }

  /// The shape of an array of so many numbers for each of rows that fill it.
  package func shape(_ rowCount: Int, each: Int) -> [Int] {
    inner.map { [rowCount / $0, each, $0] } ?? [rowCount, each]
  }

  /// For each place of the array, which of the numbers row by row stands there.
  package func sources(_ rowCount: Int, each: Int) -> [Int] {
    Self.transposition(of: inner ?? 1, each, count: rowCount * each)
  }

  /// For each of the numbers row by row, its place in the array.
  package func places(_ rowCount: Int, each: Int) -> [Int] {
    Self.transposition(of: each, inner ?? 1, count: rowCount * each)
  }

  /// Blocks of so many rows and columns, transposed.
  private static func transposition(of rows: Int, _ columns: Int, count: Int) -> [Int] {
    let size = rows * columns
    return (0..<count).map { place in
      let (block, position) = (place / size * size, place % size)
      return block + position % rows * columns + position / rows
    }
  }
}

extension NumberColumn {
  /// The numbers at some places, in the order given.
  package func selecting(_ places: [Int]) -> NumberColumn {
    guard format.isWithinFloat64 else {
      var selected = NumberColumn(format)
      for place in places { selected.append(self[place]) }
      return selected
    }
    return NumberColumn(format, doubles: places.map { doubles[$0] })
  }

  /// Numbers row by row as they stand in a layout that they fill.
  package func laidOut(_ layout: RowLayout, each: Int) -> NumberColumn {
    guard layout.inner ?? 1 > 1, each > 1 else { return self }
    return selecting(layout.sources(count / each, each: each))
  }

  /// Numbers that stand in a layout, row by row.
  package func rowByRow(_ layout: RowLayout, each: Int) -> NumberColumn {
    guard layout.inner ?? 1 > 1, each > 1 else { return self }
    return selecting(layout.places(count / each, each: each))
  }
}
