/// Curves over one axis, to be drawn.
public struct Figure: Encodable, Hashable, Sendable {
  /// The name of its file.
  public var name: String
  /// What it shows.
  public var title: String
  /// The titles of the axes.
  public var xTitle: String
  public var yTitle: String
  /// Whether the x axis is logarithmic.
  public var hasLogarithmicX = false
  /// Where the y axis is logarithmic, the least value that it tells from 0; nil where it is linear.
  public var leastY: Double?
  /// A height that a dotted line marks.
  public var guide: Guide?
  /// The curves.
  public var curves: [Curve]

  /// A curve; points that are nil are infinite or NaN.
  public struct Curve: Encodable, Hashable, Sendable {
    public var name: String
    public var x: [Double]
    public var y: [Double?]
    /// The place of a point that a ring marks.
    public var mark: Int?

    /// A curve.
    public init(name: String, x: [Double], y: [Double?], mark: Int? = nil) {
      self.name = name
      self.x = x
      self.y = y
      self.mark = mark
    }
  }

  /// A height and what it means.
  public struct Guide: Encodable, Hashable, Sendable {
    public var y: Double
    public var name: String

    /// A guide.
    public init(y: Double, name: String) {
      self.y = y
      self.name = name
    }
  }

  /// A figure.
  public init(
    name: String, title: String, xTitle: String, yTitle: String, curves: [Curve],
    hasLogarithmicX: Bool = false, leastY: Double? = nil, guide: Guide? = nil
  ) {
    self.name = name
    self.title = title
    self.xTitle = xTitle
    self.yTitle = yTitle
    self.curves = curves
    self.hasLogarithmicX = hasLogarithmicX
    self.leastY = leastY
    self.guide = guide
  }
}
