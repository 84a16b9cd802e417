import Testing
import Verification

@Suite struct `A figure` {
  private func figure(
    _ curves: [Figure.Curve], leastY: Double? = nil, title: String = "a title"
  ) -> Figure {
    Figure(name: "f", title: title, xTitle: "x", yTitle: "y", curves: curves, leastY: leastY)
  }

  @Test func `draws curves that run together as one line under both names`() {
    let x = (0..<20).map(Double.init)
    let same = figure([
      .init(name: "first", x: x, y: x), .init(name: "second", x: x, y: x.map { $0 + 1e-6 }),
      .init(name: "third", x: x, y: x.map { -$0 }),
    ]).svg()
    #expect(same.contains(">first, second</text>") && same.contains(">third</text>"))
    #expect(same.ranges(of: "<path ").count == 2)
  }

  @Test func `shows what is infinite on a rail, and joins nothing to it`() throws {
    let svg = figure(
      [.init(name: "lost", x: [0, 1, 2, 3], y: [1, 2, nil, nil])], leastY: 0.01
    ).svg()
    #expect(svg.contains(">inf, NaN</text>"))
    let path = try #require(svg.firstMatch(of: #/<path d="([^"]*)"/#)?.1)
    #expect(path.count { $0 == "M" } == 2 && path.count { $0 == "L" } == 2)
    #expect(svg.contains("infinite or NaN at 2 points"))
    #expect(!figure([.init(name: "kept", x: [0, 1], y: [1, 2])]).svg().contains("inf, NaN"))
  }

  @Test func `has ticks that people read`() {
    let decades = figure(
      [.init(name: "a", x: [-1, 1], y: [0, 1e8])], leastY: 0.01
    ).svg()
    for label in ["0", "0.01", "100", "10⁸"] { #expect(decades.contains(">\(label)</text>")) }
    let halves = figure([.init(name: "a", x: [-1, 1], y: [-0.5, 1.5])]).svg()
    for label in ["−0.5", "0.0", "1.5"] { #expect(halves.contains(">\(label)</text>")) }
  }

  @Test func `stays one of XML whatever its names hold`() {
    let svg = figure([.init(name: "<b>&\u{1b}", x: [0], y: [0])], title: "\"<script>").svg()
    #expect(!svg.contains("<script>") && !svg.contains("<b>") && !svg.contains("\u{1b}"))
  }

  @Test(arguments: [[Double?]](arrayLiteral: [], [nil, nil], [5, 5], [0, nil]))
  func `is drawn whatever there is to draw`(heights: [Double?]) {
    let x = heights.indices.map(Double.init)
    for leastY in [nil, 0.01] {
      let svg = figure([.init(name: "a", x: x, y: heights)], leastY: leastY).svg()
      #expect(!svg.contains("nan\"") && !svg.contains("inf\""))
    }
  }
}
