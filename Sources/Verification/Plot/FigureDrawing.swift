internal import LossFunctions
internal import SmallFoundation

/// The parts of a figure's drawing, 720 units wide.
struct FigureDrawing {
  private(set) var elements: [String] = []
  private(set) var height = 0.0

  private static let (left, right, top, bottom) = (70.0, 700.0, 66.0, 320.0)
  private static let rail = 46.0
  private static let dashes = ["", "7 4", "9 3 2 3", "2 3"]

  private let x: PlotScale
  private let y: PlotScale

  init(_ figure: Figure) {
    let lines = figure.lines
    let points = lines.flatMap(\.points)
    let heights = points.compactMap(\.y) + [figure.guide?.y].compactMap(\.self)
    x = PlotScale(
      figure.hasLogarithmicX ? .logarithmic : .linear, holding: points.map(\.x), tickCount: 8,
      isTight: true)
    y = PlotScale(
      figure.leastY.map(PlotScale.Kind.logarithmicAboveZero) ?? .linear, holding: heights,
      tickCount: 7)
    addAxes(figure, hasRail: points.contains { $0.y == nil })
    for (number, line) in lines.enumerated() { addLine(line, number) }
    addLegend(lines)
  }

  /// A coordinate, to a hundredth.
  static func text(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

  private func across(_ value: Double) -> Double {
    Self.left + (Self.right - Self.left) * x.place(of: value)
  }

  /// The height of a value; what is infinite or NaN stands on the rail.
  private func up(_ value: Double?) -> Double {
    value.map { Self.bottom - (Self.bottom - Self.top) * min(1, max(0, y.place(of: $0))) }
      ?? Self.rail
  }

  private mutating func add(
    _ text: String, _ x: Double, _ y: Double, anchor: String = "start", attributes: String = ""
  ) {
    elements.append(
      "<text x=\"\(Self.text(x))\" y=\"\(Self.text(y))\" text-anchor=\"\(anchor)\"\(attributes)>"
        + "\(text.xmlEscaped)</text>")
  }

  private mutating func addRule(
    _ from: (x: Double, y: Double), _ to: (x: Double, y: Double), _ attributes: String
  ) {
    elements.append(
      "<line x1=\"\(Self.text(from.x))\" y1=\"\(Self.text(from.y))\" x2=\"\(Self.text(to.x))\" "
        + "y2=\"\(Self.text(to.y))\" \(attributes)/>")
  }

  private mutating func addAxes(_ figure: Figure, hasRail: Bool) {
    let grid = "class=\"grid\""
    add(figure.title, Self.left, 20, attributes: " class=\"heading\"")
    for tick in x.ticks {
      let place = across(tick.value)
      addRule((place, Self.top), (place, Self.bottom), grid)
      add(tick.label, place, Self.bottom + 18, anchor: "middle")
    }
    for tick in y.ticks {
      addRule((Self.left, up(tick.value)), (Self.right, up(tick.value)), grid)
      add(tick.label, Self.left - 8, up(tick.value) + 4, anchor: "end")
    }
    if hasRail {
      addRule((Self.left, Self.rail), (Self.right, Self.rail), grid)
      add("inf, NaN", Self.left - 8, Self.rail + 4, anchor: "end")
    }
    if let guide = figure.guide {
      addRule((Self.left, up(guide.y)), (Self.right, up(guide.y)), "class=\"guide\"")
      add(guide.name, Self.right, up(guide.y) - 5, anchor: "end")
    }
    add(figure.xTitle, (Self.left + Self.right) / 2, Self.bottom + 38, anchor: "middle")
    let middle = (Self.top + Self.bottom) / 2
    add(
      figure.yTitle, 14, middle, anchor: "middle",
      attributes: " transform=\"rotate(-90 14 \(middle))\"")
  }

  private mutating func addLine(_ line: Figure.Line, _ number: Int) {
    let style = stroke(line, number)
    var path = ""
    for (index, point) in line.points.enumerated() {
      // Nothing joins what is infinite to what is not.
      let isJoined = index > 0 && (line.points[index - 1].y == nil) == (point.y == nil)
      path += (isJoined ? "L" : "M") + "\(Self.text(across(point.x))) \(Self.text(up(point.y)))"
    }
    elements.append("<path d=\"\(path)\" \(style)/>")
    let hasFewPoints = line.points.count < 12
    let marked = hasFewPoints ? Array(line.points.indices) : [line.mark].compactMap(\.self)
    for index in marked where line.points.indices.contains(index) {
      let point = line.points[index]
      elements.append(
        "<circle cx=\"\(Self.text(across(point.x)))\" cy=\"\(Self.text(up(point.y)))\" r=\"5\" "
          + "stroke=\"var(--line\(line.place % Figure.colourCount))\" stroke-width=\"2\"/>")
    }
  }

  /// Later lines are thinner, so that what lies beneath shows.
  private func stroke(_ line: Figure.Line, _ number: Int) -> String {
    let dash = Self.dashes[line.place % Self.dashes.count]
    return "stroke=\"var(--line\(line.place % Figure.colourCount))\" "
      + "stroke-width=\"\(max(1.4, 3.2 - 0.6 * Double(number)))\""
      + (dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\"")
  }

  /// The names below, in as many rows as they take.
  private mutating func addLegend(_ lines: [Figure.Line]) {
    var (place, row) = (Self.left, Self.bottom + 64)
    for (number, line) in lines.enumerated() {
      let name = line.names.joined(separator: ", ")
      // A letter of 13 units is some 7 wide.
      let width = 44 + 7 * Double(name.count)
      if place > Self.left, place + width > Self.right { (place, row) = (Self.left, row + 20) }
      addRule((place, row - 4), (place + 30, row - 4), stroke(line, number))
      add(name, place + 36, row)
      place += width + 14
    }
    height = row + 12
  }
}
