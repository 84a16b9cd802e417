internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import Multiprecision
internal import Reference
internal import Verification

/// The example of the forums, z = −305.8 with y = 0, and its neighbours.
public struct ForumStudy: Study {
  public let name = "forum"
  public let title = "The example of the forums"
  public let question = "What becomes of z = -305.8, y = 0 in each formula and format?"

  static let logit = -305.8

  /// The implementations in the picture: all of them would hide each other.
  private static let drawn = ["naive", "clipped", "clamped", "logits", "practical"]

  /// The study.
  public init() {}

  public func answer(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> StudyAnswer {
    let candidates = implementations(of: .binaryCrossEntropy)
    let shown = candidates.filter { Self.drawn.contains($0.name) }
    let values = try valueTable(candidates)
    progress(1, 3)
    let reach = try reachTable(candidates)
    progress(2, 3)
    let figures = try errorFigures(shown)
    progress(3, 3)
    return StudyAnswer(
      tables: [try exponentialTable(), values, reach], figures: figures,
      words: [
        "e^305.8 is 6.4e132. float64 holds it. float32 and bfloat16 end at 3.4e38, float16 at 65504.",
        "1 - sigmoid(-305.8) is 1 in every format. So the naive loss is 0 or, where it computes 0 log 0, NaN.",
        "max(z, 0) - z y + log1p(e^-|z|) stays right until e^-|z| itself leaves the format.",
      ])
  }

  /// e^305.8 and e^−305.8 in each format.
  private func exponentialTable() throws -> StudyTable {
    StudyTable(
      heading: "The exponentials",
      title: "e^305.8 and e^-305.8 in each format",
      columns: ["format", "greatest number", "e^305.8", "least number", "e^-305.8"],
      rows: studiedFormats.map { format in
        let powers = [-Self.logit, Self.logit].map { logit in
          var power = Enclosure(BigFloat(FloatValue(format.nearest(logit))))
          power.apply(.exponential, precision: 128)
          return format.rounded(power, .nearestEven).map(format.shortestDecimal) ?? "?"
        }
        return [
          format.name, format.shortestDecimal(format.greatestFinite), powers[0],
          format.shortestDecimal(format.leastSubnormal), powers[1],
        ]
      })
  }

  /// What each formula gives in each format.
  func valueTable(_ candidates: [any Implementation]) throws -> StudyTable {
    let inputs = studiedFormats.map { LossInput(logit: Self.logit, target: 0, in: $0) }
    var exact: [String] = []
    for (input, format) in zip(inputs, studiedFormats) {
      let value = try LossFunction.binaryCrossEntropy.exact(input, in: format)[0].value
      exact.append(format.shortestDecimal(value))
    }
    let rows = candidates.map { candidate in
      [candidate.name, candidate.formula]
        + zip(inputs, studiedFormats).map { input, format in
          candidate.evaluate(input, in: format)?.first.map(format.shortestDecimal) ?? "-"
        }
    }
    return StudyTable(
      heading: "The loss",
      title: "The loss of z = -305.8, y = 0 (z rounded to the format)",
      columns: ["implementation", "formula"] + studiedFormats.map(\.name),
      rows: [["exact", "correctly rounded"] + exact] + rows)
  }

  /// From where on each formula is lost, for right and for wrong answers.
  private func reachTable(_ candidates: [any Implementation]) throws -> StudyTable {
    var rows: [[String]] = []
    for format in studiedFormats {
      for candidate in candidates {
        let right = try firstLoss(candidate, format, sign: -1)
        let wrong = try firstLoss(candidate, format, sign: 1)
        rows.append([format.name, candidate.name, right, wrong])
      }
    }
    return StudyTable(
      heading: "Where digits are lost",
      title: "The first |z| in steps of 1/8, y = 0, at which half of the digits are lost",
      columns: ["format", "implementation", "right answer (z < 0)", "mistake (z > 0)"], rows: rows)
  }

  private func firstLoss(
    _ candidate: any Implementation, _ format: FloatFormat, sign: Double
  ) throws -> String {
    let limit = Double(sign: .plus, exponent: format.precision / 2, significand: 1)
    for step in 1...(1000 * 8) {
      let magnitude = Double(step) / 8
      let input = LossInput(logit: sign * magnitude, target: 0, in: format)
      guard let computed = candidate.evaluate(input, in: format)?.first else { return "-" }
      let error = try LossFunction.binaryCrossEntropy.exact(input, in: format)[0]
        .error(of: computed)
      if error.ulps > limit { return "\(short(magnitude)): \(format.shortestDecimal(computed))" }
    }
    return "none to 1000"
  }

  /// All of them, and the two that the question is about.
  private func errorFigures(_ candidates: [any Implementation]) throws -> [Figure] {
    let format = FloatFormat.float32
    let logits = (-480...480).map { Double($0) / 4 }
    let curves = try candidates.map { candidate in
      let errors = try logits.map { logit -> Double? in
        let input = LossInput(logit: logit, target: 0, in: format)
        guard let computed = candidate.evaluate(input, in: format)?.first else { return nil }
        let error = try LossFunction.binaryCrossEntropy.exact(input, in: format)[0]
          .error(of: computed)
        return error.ulps.isFinite ? error.ulps : nil
      }
      return Figure.Curve(name: candidate.name, x: logits, y: errors)
    }
    let names = ["naive": "sigmoid, then log", "logits": "from the logit"]
    let two = curves.compactMap { curve in
      names[curve.name].map { Figure.Curve(name: $0, x: curve.x, y: curve.y) }
    }
    return [("forum-error", curves), ("forum-two-forms", two)].map { name, curves in
      Figure(
        name: name, title: "Error of the binary loss in float32, y = 0", xTitle: "logit z",
        yTitle: "error in ulps", curves: curves, leastY: 0.01,
        guide: Figure.Guide(y: 0.5, name: "0.5 ulp: correctly rounded"))
    }
  }
}
