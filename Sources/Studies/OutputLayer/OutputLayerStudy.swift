internal import Cases
internal import Foundation
internal import Verification

/// Which output layer goes with which loss.
public struct OutputLayerStudy: Study {
  public let name = "output-layer"
  public let title = "Which output layer goes with which loss"
  public let question = "Which output layer goes with which loss, and what do the others cost?"

  private static let mistake = 10.0

  /// The study.
  public init() {}

  public func answer(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> StudyAnswer {
    let table = try pairTable()
    progress(1, 3)
    let predictions = predictionTable()
    progress(2, 3)
    let figure = try lossFigure()
    progress(3, 3)
    return StudyAnswer(
      tables: [table, predictions, regressionTable()], figures: [figure],
      words: [
        "A linear layer with from_logits=True reaches loss 0, and its gradient at a mistake is near 1.",
        "A sigmoid or softmax before from_logits=True is applied twice: the loss stops at 0.313 or 1.461, and learning stalls.",
        "A relu cannot say no: the binary loss of a negative example is ln 2 or more, and where relu is 0 the gradient is exactly 0.",
      ])
  }

  /// Each pair: smallest losses and gradients.
  private func pairTable() throws -> StudyTable {
    var rows: [[String]] = []
    for loss in OutputLoss.all {
      for activation in OutputActivation.allCases {
        let infima = try [1, 0].map { try loss.infimum(activation, label: $0) }
        let gradients = [1, 0].map {
          loss.gradientAtMistake(activation, size: Self.mistake, label: $0)
        }
        let isOneKind = !loss.isBinary
        func pair(_ values: [Double]) -> String {
          let texts = values.map { $0.isNaN ? "undefined" : short($0 == 0 ? 0 : $0) }
          return isOneKind || texts[0] == texts[1] ? texts[0] : texts.joined(separator: " | ")
        }
        rows.append([
          loss.name, activation.rawValue, pair(infima), pair(gradients),
          verdict(loss, activation),
        ])
      }
    }
    return StudyTable(
      heading: "Pairs",
      title: """
        Smallest loss, and gradient at a mistake of \(short(Self.mistake)) \
        (\(OutputLoss.classCount) classes; for binary: positive | negative example)
        """,
      columns: ["loss", "output layer", "smallest loss", "gradient at a mistake", "verdict"],
      rows: rows)
  }

  private func verdict(_ loss: OutputLoss, _ activation: OutputActivation) -> String {
    switch (loss.isFromLogits, activation) {
    case (true, .linear): "right"
    case (true, .relu): "dead below 0"
    case (true, .sigmoid): "activation twice"
    case (true, .softmax): loss.isBinary ? "constant" : "activation twice"
    case (false, .linear): "not a probability"
    case (false, .relu): "not a probability"
    case (false, .sigmoid):
      loss.isBinary ? "right on paper; loses digits" : "does not sum to 1"
    case (false, .softmax): loss.isBinary ? "constant" : "right on paper; loses digits"
    }
  }

  /// What argmax of the outputs still tells.
  private func predictionTable() -> StudyTable {
    let rowCount = 10_000
    let rows = OutputActivation.allCases.map { activation in
      [activation.rawValue]
        + [1.0, 10, 100].map { scale in
          var choices = ChoiceSource(
            RandomSource(seed: 1, path: ["output-layer", activation.rawValue, short(scale)]))
          let kept = (0..<rowCount).count { _ in
            let z = (0..<OutputLoss.classCount).map { _ in scale * choices.normal() }
            return activation.keepsGreatest(z)
          }
          return percent(kept, of: rowCount)
        }
    }
    return StudyTable(
      heading: "Predictions",
      title: """
        Rows of \(OutputLoss.classCount) normal pre-activations whose greatest is the one greatest \
        output too, in float32
        """,
      columns: ["output layer", "scale 1", "scale 10", "scale 100"], rows: rows)
  }

  /// Regression with an output that cannot reach the target.
  private func regressionTable() -> StudyTable {
    let targets = [-1.0, 0.5, 3]
    return StudyTable(
      heading: "Regression",
      title: "Regression: the smallest squared error of one output for a target",
      columns: ["output layer"] + targets.map { "target \(short($0))" },
      rows: OutputActivation.allCases.map { activation in
        let (least, greatest) = activation.rangeOfOneUnit
        return [activation.rawValue]
          + targets.map { target in
            let nearest = min(max(target, least), greatest)
            return short((target - nearest) * (target - nearest))
          }
      })
  }

  /// The binary loss of a positive example over the pre-activation.
  private func lossFigure() throws -> Figure {
    let logits = (-60...60).map { Double($0) / 6 }
    let loss = OutputLoss.all[0]
    let curves = try [OutputActivation.linear, .relu, .sigmoid].flatMap { activation in
      try [1, 0].map { label in
        Figure.Curve(
          name: "\(activation.rawValue), \(label == 1 ? "positive" : "negative") example",
          x: logits,
          y: try logits.map { try loss.value(activation.outputs([$0]), label: label) })
      }
    }
    return Figure(
      name: "output-layer-loss",
      title: "Binary loss with from_logits=True after three output layers",
      xTitle: "pre-activation", yTitle: "binary cross-entropy", curves: curves)
  }
}

extension OutputActivation {
  /// Whether the greatest pre-activation is still the one greatest output, in float32.
  fileprivate func keepsGreatest(_ z: [Double]) -> Bool {
    let outputs = outputs(z).map { Float($0) }
    guard let place = z.indices.max(by: { z[$0] < z[$1] }) else { return false }
    return outputs.indices.allSatisfy { $0 == place || outputs[$0] < outputs[place] }
  }
}
