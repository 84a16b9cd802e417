internal import FloatFormats
internal import Losses
internal import Verification

/// The same models trained with the loss computed in several ways.
public struct TrainingStudy: Study {
  public let name = "training"
  public let title = "Training with each form of the loss"
  public let question = "What does the form of the loss do to training?"

  /// The study.
  public init() {}

  public func answer(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> StudyAnswer {
    let tasks = try TrainingTask.all()
    let types = trainingTypes
    let total = tasks.count * types.count * LossForm.allCases.count
    var rows: [[String]] = []
    var figures: [Figure] = []
    var done = 0
    for task in tasks {
      for type in types {
        var runs: [LossForm: TrainingRun] = [:]
        for form in LossForm.allCases {
          func train<T: TrainingScalar>(_ type: T.Type) -> TrainingRun {
            TrainingRun(task, type, form)
          }
          runs[form] = train(type)
          done += 1
          progress(done, total)
        }
        guard let yardstick = runs[.exact] else { continue }
        let format = type.format
        for form in LossForm.allCases {
          guard let run = runs[form] else { continue }
          rows.append(row(task, format, form, run, yardstick))
        }
        figures.append(figure(task, format, runs))
      }
    }
    return StudyAnswer(
      tables: [
        StudyTable(
          heading: "Runs",
          title: """
            Gradient descent in batches of \(TrainingTask.batchSize), without loss scaling: \
            \(tasks.map(\.circumstances).joined(separator: "; ")). Pixels go in as they come, 0 to \
            16. Weights, logits and gradients are rounded to the format. Every run has the same \
            first weights and batches. The run with exact gradients is the yardstick
            """,
          columns: [
            "model", "format", "loss form", "last loss", "accuracy", "departs by 1 % at step",
            "NaN at step",
          ], rows: rows)
      ],
      figures: figures, words: words(rows))
  }

  private func row(
    _ task: TrainingTask, _ format: FloatFormat, _ form: LossForm, _ run: TrainingRun,
    _ yardstick: TrainingRun
  ) -> [String] {
    [
      task.title, format.name, form.rawValue, short(mean(run.losses.suffix(50))),
      short(100 * run.accuracy) + " %",
      form == .exact ? "-" : run.departure(from: yardstick).map(String.init) ?? "never",
      run.firstNotANumber.map(String.init) ?? "never",
    ]
  }

  private func mean(_ losses: ArraySlice<Double>) -> Double {
    losses.reduce(0, +) / Double(losses.count)
  }

  private func figure(
    _ task: TrainingTask, _ format: FloatFormat, _ runs: [LossForm: TrainingRun]
  ) -> Figure {
    let curves = LossForm.allCases.compactMap { form -> Figure.Curve? in
      guard let run = runs[form] else { return nil }
      // The mean of 10 steps: single batches jump.
      let starts = Array(stride(from: 0, to: run.losses.count, by: 10))
      return Figure.Curve(
        name: form.rawValue, x: starts.map(Double.init),
        y: starts.map { start in
          let finite = run.losses[start..<min(start + 10, run.losses.count)].prefix { $0.isFinite }
          return finite.isEmpty ? nil : mean(finite)
        })
    }
    let name = task.title.split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
    return Figure(
      name: "training-\(name)-\(format.name)", title: "Training: \(task.title), \(format.name)",
      xTitle: "step", yTitle: "training loss, mean of 10 steps", curves: curves, leastY: 0.01)
  }

  /// The lines are counted from the rows, not assumed.
  private func words(_ rows: [[String]]) -> [String] {
    func count(_ form: LossForm, _ column: Int) -> Int {
      rows.count { $0[2] == form.rawValue && $0[column] != "never" }
    }
    let total = rows.count { $0[2] == LossForm.naive.rawValue }
    func line(_ form: LossForm) -> String {
      "\(count(form, 5)) of \(total) runs depart from the exact one, \(count(form, 6)) end in NaN"
    }
    return [
      "Softmax or sigmoid, then log, by the chain rule: \(line(.naive)).",
      "Clipped probabilities: \(line(.clipped)); where p is clipped the gradient is 0, so mistakes stay.",
      "From logits, p - y: \(line(.logits)).",
    ]
  }
}
