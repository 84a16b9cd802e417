internal import ArgumentParser
internal import LossOracle

/// Where the classes of the logits stand.
struct LayoutArguments: ParsableArguments {
  @Option(
    help: """
      The axis of the classes: last, or 1 of logits [outer, classes, inner], as PyTorch's losses take them; labels \
      are then [outer, inner]. In files also 0, of [classes, rows] or [classes, outer, inner]. (default: last)
      """)
  var classAxis: ClassAxis?

  @Option(
    help: """
      With --class-axis 1, how many rows stand side by side, up to \(RowLayout.innerRange.upperBound). \
      (default: 3, and of generate the most up to 8 that the number of cases allows)
      """)
  var inner: Int?

  func validate() throws {
    guard inner == nil || classAxis == .one || classAxis == .zero else {
      throw ValidationError("--inner is for --class-axis 1 and 0.")
    }
    if let inner, !RowLayout.innerRange.contains(inner) {
      throw ValidationError(
        "--inner must be a number from 1 to \(RowLayout.innerRange.upperBound).")
    }
  }

  /// The layout, with so many rows side by side where nothing is said of them; nil where no axis is given, and for
  /// classes that are first in a file, which knows the number of its rows.
  func layout(for function: LossFunction, inner usual: Int = 3) throws -> RowLayout? {
    guard let classAxis else { return nil }
    guard classAxis != .last else { return .classesLast }
    guard !function.isBinary else {
      throw ValidationError("\(function) has one logit a row, and no axis of classes.")
    }
    guard classAxis == .one else { return nil }
    return RowLayout(inner: inner ?? usual)
  }

  /// How the rows of the fixtures stand, which what is given may only confirm.
  func layout(of fixtures: FixtureRows) throws -> RowLayout {
    let given = try layout(for: fixtures.function, inner: fixtures.layout.inner ?? 1)
    let isFirst = classAxis.map { $0 == .zero }
    guard given == nil || given == fixtures.layout,
      isFirst ?? (fixtures.classAxis == 0) == (fixtures.classAxis == 0)
    else {
      throw ValidationError("The fixtures have another --class-axis, or another --inner.")
    }
    return fixtures.layout
  }
}

/// An axis that the classes may be on.
enum ClassAxis: String, CaseIterable, ExpressibleByArgument {
  case last
  case zero = "0"
  case one = "1"
}
