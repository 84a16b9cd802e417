public import FloatFormats
public import LossFunctions

/// A named generator of linear layers whose fused loss is hard to compute: from a seed, the same bits everywhere.
public struct LinearFamily: Hashable, Sendable {
  /// The name on the command line.
  public let name: String
  /// What it is about, in a phrase.
  public let purpose: String

  /// All of them.
  public static let all = [
    LinearFamily(name: "normal", purpose: "standard normal rows, weights of variance 1/d"),
    LinearFamily(
      name: "cancelling-sums", purpose: "logits whose terms cancel, all but their last digits"),
    LinearFamily(
      name: "huge-row",
      purpose: "one hidden row a thousand times the others, whose exponentials overflow"
    ),
    LinearFamily(name: "tied-logits", purpose: "classes of equal weights, so that logits tie"),
    LinearFamily(
      name: "confident", purpose: "rows along their label's weights, with losses far below 1"),
    LinearFamily(
      name: "ignored-rows", purpose: "a third of the rows has the label -100, which is ignored"),
  ]

  /// The family of a name.
  public static func named(_ name: String) -> LinearFamily? { all.first { $0.name == name } }

  /// The options that go with it.
  public var options: LossOptions {
    var options = LossOptions()
    if name == "ignored-rows" { options.ignoreIndex = -100 }
    return options
  }

  /// A layer.
  ///
  /// - Parameter format: One that float32 holds; the numbers are of it.
  /// - Throws: Where the format is wider, or a count is not positive.
  public func input(
    rows: Int, classes: Int, width: Int, in format: FloatFormat, hasBias: Bool = false,
    seed: UInt64
  ) throws(InputError) -> LinearInput {
    guard format.isWithinFloat32 else { throw .formatTooWide(format) }
    for (what, count) in [("rows", rows), ("classes", classes), ("features", width)]
    where count < 1 {
      throw .wrongCount(what: what, count: count, expected: 1)
    }
    var choices = ChoiceSource(RandomSource(seed: seed, path: ["linear", name]))
    func number(_ value: Double) -> Float {
      let greatest = format.greatestFinite.double
      return Float(format.nearest(min(max(value, -greatest), greatest)))
    }
    func normals(_ count: Int, _ scale: Double) -> [Float] {
      (0..<count).map { _ in number(choices.steppedNormal() * scale) }
    }
    let labels = (0..<rows).map { _ in Int32(choices.integer(in: 0...classes - 1)) }
    var hidden = normals(rows * width, 1)
    var weight = normals(classes * width, 1 / Double(width).squareRoot())
    let bias = hasBias ? normals(classes, 1) : nil
    switch name {
    case "cancelling-sums":
      // Each second feature takes away what the one before it adds, of the row exactly, of the weights nearly.
      for k in stride(from: 1, to: width, by: 2) {
        for row in 0..<rows { hidden[row * width + k] = -hidden[row * width + k - 1] }
        for index in 0..<classes {
          let place = index * width + k
          weight[place] = number(
            Double(weight[place - 1])
              * (1 + Double(choices.integer(in: -4...4)) * format.unitRoundoff * 2))
        }
      }
    case "huge-row":
      let row = choices.integer(in: 0...rows - 1)
      for k in 0..<width {
        hidden[row * width + k] = number(Double(hidden[row * width + k]) * 1000)
      }
    case "tied-logits":
      // Groups of four classes have one row of weights.
      for index in 0..<classes {
        for k in 0..<width { weight[index * width + k] = weight[index / 4 * 4 * width + k] }
      }
    case "confident":
      for row in 0..<rows {
        for k in 0..<width {
          hidden[row * width + k] = number(
            Double(weight[Int(labels[row]) * width + k]) * Double(8 + 8 * (row % 4)))
        }
      }
    default: break
    }
    let ignored = name == "ignored-rows"
    return try LinearInput(
      hidden: hidden, weight: weight, bias: bias,
      labels: labels.enumerated().map { ignored && $0 % 3 == 0 ? -100 : $1 }, width: width)
  }
}
