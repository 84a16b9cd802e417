internal import Cases
internal import Foundation
internal import Losses

/// A model and how it is trained.
struct TrainingTask: Sendable {
  let title: String
  let data: TrainingData
  let hiddenSizes: [Int]
  let rate: Float
  let stepCount: Int

  static let batchSize = 32

  /// How it is trained, for the title of a table.
  var circumstances: String { "\(title), learning rate \(rate), \(stepCount) steps" }

  /// The tasks of the study: the pixels of digits go in as they come, 0 to 16.
  static func all() throws -> [TrainingTask] {
    let digits = try TrainingData("digits")
    let cancer = try TrainingData("breast-cancer")
    return [
      TrainingTask(
        title: "digits, softmax regression", data: digits, hiddenSizes: [], rate: 0.05,
        stepCount: 600),
      TrainingTask(
        title: "digits, hidden layer of 32", data: digits, hiddenSizes: [32], rate: 0.01,
        stepCount: 600),
      TrainingTask(
        title: "breast cancer, logistic regression", data: cancer, hiddenSizes: [], rate: 2,
        stepCount: 600),
    ]
  }
}

/// What a run showed.
struct TrainingRun: Sendable {
  /// The mean loss of each step's batch before the step, computed from the logits in float64.
  let losses: [Double]
  /// The share of all rows that is classified rightly in the end.
  let accuracy: Double
  /// The first step with a loss or a weight that is not a number.
  let firstNotANumber: Int?

  /// Trains a network in T; the weights and batches are the same for every type and form.
  init<T: TrainingScalar>(_ task: TrainingTask, _: T.Type, _ form: LossForm) {
    let data = task.data
    let sizes = [data.features[0].count] + task.hiddenSizes + [data.outputCount]
    var network = Network<T>(sizes: sizes, seed: 1)
    var choices = ChoiceSource(RandomSource(seed: 1, path: ["batches", data.name]))
    var losses: [Double] = []
    for _ in 0..<task.stepCount {
      let batch = (0..<TrainingTask.batchSize).map { _ in
        choices.integer(in: 0...data.labels.count - 1)
      }
      var loss = 0.0
      network.step(batch.map { data.features[$0] }, rate: task.rate) { row, logits in
        let label = data.labels[batch[row]]
        loss += Self.loss(logits.map { Double($0.float) }, label: label)
        return form.gradient(logits, label: label)
      }
      losses.append(loss / Double(batch.count))
    }
    self.losses = losses
    firstNotANumber = losses.firstIndex { !$0.isFinite }
    let rightCount = data.labels.indices.count { row in
      let logits = network.logits(data.features[row]).map { Double($0.float) }
      return Self.prediction(logits) == data.labels[row]
    }
    accuracy = Double(rightCount) / Double(data.labels.count)
  }

  /// The first step at which the loss departs from the yardstick's by 1 % of it, or by 10⁻⁶ where
  /// that is more.
  func departure(from yardstick: TrainingRun) -> Int? {
    zip(losses, yardstick.losses).enumerated().first { _, pair in
      let isNear = (pair.0 - pair.1).magnitude <= max(0.01 * pair.1, 1e-6)
      return !isNear
    }?.offset
  }

  /// The loss to nearly the precision of float64: log1p over the others, as the yardstick of all.
  private static func loss(_ logits: [Double], label: Int) -> Double {
    if logits.count == 1 {
      let lead = label == 1 ? logits[0] : -logits[0]
      return max(-lead, 0) + log1p(exp(-lead.magnitude))
    }
    guard let maximum = logits.max(), let place = logits.firstIndex(of: maximum) else {
      return .nan
    }
    var others = 0.0
    for (index, logit) in logits.enumerated() where index != place {
      others += exp(logit - maximum)
    }
    return maximum - logits[label] + log1p(others)
  }

  private static func prediction(_ logits: [Double]) -> Int? {
    guard !logits.contains(where: \.isNaN) else { return nil }
    if logits.count == 1 { return logits[0] > 0 ? 1 : 0 }
    return logits.indices.max { logits[$0] < logits[$1] }
  }
}
