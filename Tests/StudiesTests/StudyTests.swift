import FloatFormats
import Foundation
import LossFunctions
import Losses
import Testing

@testable import Studies

@Suite struct `A study` {
  @Test func `of the forum's example gives the exact loss, and the naive form's zero`() throws {
    let table = try ForumStudy().valueTable(implementations(of: .binaryCrossEntropy))
    func cell(_ name: String, _ format: String) throws -> String {
      let column = try #require(table.columns.firstIndex(of: format))
      return try #require(table.rows.first { $0[0] == name })[column]
    }
    #expect(try cell("exact", "float64") == "1.558645801350814e-133")
    #expect(try cell("logits", "float64") == "1.558645801350814e-133")
    #expect(Double(try cell("naive", "float64")) == 0)
    #expect(try cell("naive", "float32") == "nan")
  }

  @Test func `of probabilities finds the loss gone where p rounds to 1`() async throws {
    let answer = try await ProbabilityStudy(rowCount: 20).answer { _, _ in }
    let table = try #require(answer.tables.first { $0.heading == "Where it is lost" })
    // 1 − σ(z) is at most a quarter of an ulp of 1 from z = 24 log 2 + log 2 on: 17.33 in float32, 37.43.
    for (format, z) in [("float32", "17.38"), ("float64", "37.5"), ("float16", "8.375")] {
      let row = try #require(table.rows.first { $0[0] == format })
      #expect(row[3] == z && row[6] == z, "\(row)")
    }
    let values = try #require(answer.tables.first)
    let row = try #require(values.rows.first { $0[0] == "20" })
    #expect(row[3] == "0" && row[4] == "100" && row[6] == "inf")
  }

  @Test func `of gradients finds the chain broken where the exponential overflows`() async throws {
    let answer = try await GradientStudy().answer { _, _ in }
    let rows = answer.tables[0].rows
    let chain = try #require(
      rows.first { Array($0[0...2]) == ["categorical", "naive-chain", "float32"] })
    // The logarithm of the greatest float32 is 88.72.
    #expect(chain[5] == "88.75")
    #expect(rows.filter { $0[1] == "fused" }.allSatisfy { $0[3...5].allSatisfy { $0 == "never" } })
  }

  @Test func `of output layers gives the losses that cannot be undercut`() throws {
    let binary = try #require(OutputLoss.all.first { $0.isBinary && $0.isFromLogits })
    // −log σ(1) and log 2.
    #expect(abs(try binary.infimum(.sigmoid, label: 1) - log1p(exp(-1))) < 1e-15)
    #expect(try binary.infimum(.sigmoid, label: 0) == log(2))
    #expect(try binary.infimum(.relu, label: 0) == log(2))
    #expect(try binary.infimum(.linear, label: 0) == 0)
    #expect(binary.gradientAtMistake(.relu, size: 10, label: 1) == 0)
    let categorical = try #require(OutputLoss.all.first { !$0.isBinary && $0.isFromLogits })
    // log(e + 9) − 1.
    let twice = try categorical.infimum(.softmax, label: 3)
    #expect(abs(twice - (log(exp(1.0) + 9) - 1)) < 1e-15)
  }

  @Test func `pulls gradients back as finite differences do`() {
    let z = [0.3, -1.2, 2.1]
    for activation in OutputActivation.allCases {
      let weights = [0.7, -0.4, 1.3]
      func value(_ z: [Double]) -> Double {
        zip(activation.outputs(z), weights).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let gradient = activation.pulledBack(weights, z)
      for index in z.indices {
        var (up, down) = (z, z)
        up[index] += 1e-6
        down[index] -= 1e-6
        #expect(abs((value(up) - value(down)) / 2e-6 - gradient[index]) < 1e-8)
      }
    }
  }

  @Test func `has a name of its own, a question, and is found by it`() {
    #expect(Set(Studies.all.map(\.name)).count == Studies.all.count)
    #expect(
      Set(Studies.all.map(\.name)) == [
        "output-layer", "gradient", "training", "predict", "forum", "probabilities",
      ])
    #expect(Studies.all.allSatisfy { $0.question.hasSuffix("?") })
  }
}

@Suite struct `A training run` {
  @Test func `is the same again, and learns from exact gradients`() throws {
    let task = try task(stepCount: 40)
    let first = TrainingRun(task, Float.self, .exact)
    #expect(first.losses == TrainingRun(task, Float.self, .exact).losses)
    let (start, end) = (first.losses.prefix(10), first.losses.suffix(10))
    #expect(end.reduce(0, +) < 0.5 * start.reduce(0, +))
    #expect(first.firstNotANumber == nil && first.departure(from: first) == nil)
  }

  @Test func `with the naive chain ends in NaN, from logits it does not`() throws {
    let task = try task(stepCount: 60)
    let naive = TrainingRun(task, Float.self, .naive)
    #expect(naive.firstNotANumber != nil && naive.accuracy == 0)
    #expect(TrainingRun(task, Float.self, .logits).firstNotANumber == nil)
  }

  @Test func `departs where its loss differs by a hundredth`() throws {
    let task = try task(stepCount: 30)
    let clipped = TrainingRun(task, BFloat16.self, .naive)
    let exact = TrainingRun(task, BFloat16.self, .exact)
    let departure = try #require(clipped.departure(from: exact))
    #expect(
      clipped.losses[..<departure].elementsEqual(exact.losses[..<departure]) {
        abs($0 - $1) <= max(0.01 * $1, 1e-6)
      })
  }

  private func task(stepCount: Int) throws -> TrainingTask {
    TrainingTask(
      title: "", data: try TrainingData("breast-cancer"), hiddenSizes: [], rate: 2,
      stepCount: stepCount)
  }
}
