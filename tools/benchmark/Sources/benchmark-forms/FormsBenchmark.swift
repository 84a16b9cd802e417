import Losses
import RealModule

/// Measures the practical and the faithful forms beside the common shifted ones: losses of normal
/// logits, on one core, in one run, the three in turn, medians of eleven.
@main
struct FormsBenchmark {
  static let rounds = 11

  static func main() {
    print("ns per logit, medians of \(rounds)")
    print("format  loss  common  practical  faithful  practical/common")
    binary(Float.self)
    binary(Double.self)
    for classes in [10, 1_000, 128_000] {
      categorical(Float.self, classes)
      categorical(Double.self, classes)
    }
  }

  /// Every loss enters the sum, so that none can be left out.
  nonisolated(unsafe) static var sink = 0.0

  @inline(__always)
  static func binary<T: LossScalar>(_ type: T.Type) {
    let count = 20_000
    let logits = normals(count).map { T($0) }
    let wide = logits.map(\.double)
    let common = LogitsBinaryCrossEntropy()
    let faithful = FaithfulBinary(.binaryCrossEntropy)
    report(
      "binary", type, count,
      [
        { logits.reduce(into: 0.0) { $0 += common.value(logit: $1, target: 1).double } },
        { logits.reduce(into: 0.0) { $0 += PracticalBinary.loss($1, 1).double } },
        { wide.reduce(into: 0.0) { $0 += faithful?.value(logit: $1, target: 1) ?? 0 } },
      ])
  }

  @inline(__always)
  static func categorical<T: LossScalar>(_ type: T.Type, _ classes: Int) {
    let rows = max(1, 20_000 / classes)
    let logits = normals(classes).map { T($0) }
    let wide = logits.map(\.double)
    let common = LogitsCrossEntropy()
    let faithful = FaithfulCategorical(.crossEntropy)
    var target = [Double](repeating: 0, count: classes)
    target[0] = 1
    report(
      "\(classes) classes", type, classes * rows,
      [
        {
          (0..<rows).reduce(into: 0.0) { sum, row in
            sum += common.outputs(logits: logits, label: row % classes)[0].double
          }
        },
        {
          (0..<rows).reduce(into: 0.0) { sum, row in
            sum += logits.withUnsafeBufferPointer {
              PracticalCategorical.loss($0, label: row % classes).double
            }
          }
        },
        {
          (0..<rows).reduce(into: 0.0) { sum, _ in
            sum += faithful?.values(logits: wide, target: target)[0] ?? 0
          }
        },
      ])
  }

  static func report<T>(_ loss: String, _ type: T.Type, _ count: Int, _ forms: [() -> Double]) {
    var times = [[Double]](repeating: [], count: forms.count)
    for _ in 0..<rounds {
      for (index, form) in forms.enumerated() {
        let duration = ContinuousClock().measure { sink += form() }
        times[index].append(duration / .nanoseconds(1) / Double(count))
      }
    }
    let medians = times.map { $0.sorted()[rounds / 2] }
    let texts = medians.map { "\(($0 * 100).rounded() / 100)" }.joined(separator: "  ")
    print("\(type)  \(loss)  \(texts)  \((medians[1] / medians[0] * 100).rounded() / 100)")
  }

  /// Standard normal deviates times 3, by Box and Muller from a linear congruential generator.
  static func normals(_ count: Int) -> [Double] {
    var state: UInt64 = 1
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Double(state >> 11) + 0.5) * 0x1p-53
    }
    return (0..<count).map { _ in
      3 * Double.sqrt(-2 * Double.log(uniform())) * Double.cos(2 * Double.pi * uniform())
    }
  }
}
