import CArb
import LossOracle

/// Measures the reference's two tiers beside Arb: the cross-entropy of normal float32 logits, rounded
/// to float32, in one run, the three in turn, medians of seven.
@main
struct Benchmark {
  static func main() throws {
    print("cross-entropy, float32 logits and result, one core; ns per logit, medians of \(rounds)")
    print("classes  rows  fast tier  MPFR tier  Arb, 64 bits  Arb / fast  MPFR / Arb")
    for (classes, rows) in [(10, 2000), (1000, 20), (128_000, 1)] {
      let batch = (0..<rows).map { row(classes, index: $0) }
      let logits = batch.flatMap { $0.logits.map { Float($0.double) } }
      let targets = [Int32](repeating: 0, count: rows)
      var outputs = [Float](repeating: 0, count: rows)
      var (fast, ours, theirs): ([Double], [Double], [Double]) = ([], [], [])
      var bits = 0
      for _ in 0..<rounds {
        fast.append(
          try nanoseconds(per: classes * rows) {
            _ = try logits.withUnsafeBufferPointer { logits in
              try outputs.withUnsafeMutableBufferPointer {
                try Reference().fill(
                  $0, .crossEntropy, logits: logits, classCount: classes, targets: targets)
              }
            }
          })
        ours.append(
          try nanoseconds(per: classes * rows) {
            for input in batch { _ = try Reference().evaluate(.crossEntropy, input, in: .float32) }
          })
        theirs.append(
          nanoseconds(per: classes * rows) {
            for input in batch {
              bits += arb_cross_entropy_bits(input.logits.map(\.double), classes, 0, 64)
            }
          })
      }
      let (f, m, a) = (median(fast), median(ours), median(theirs))
      print(
        "\(classes)  \(rows)  \(rounded(f))  \(rounded(m))  \(rounded(a))  \(rounded(a / f))  \(rounded(m / a))")
      guard bits > 0 else { print("Arb lost all bits") ; return }
    }
  }

  static let rounds = 7

  static func row(_ classes: Int, index: Int) -> LossInput {
    var choices = ChoiceSource(RandomSource(seed: 1, path: ["benchmark"], index: index))
    let logits = (0..<classes).map { _ in FloatValue(Float(3 * choices.normal())) }
    return LossInput(logits: logits, target: .index(0))
  }

  static func nanoseconds(per count: Int, _ work: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let duration = try clock.measure(work)
    return duration / .nanoseconds(1) / Double(count)
  }

  static func rounded(_ number: Double) -> Double { (number * 100).rounded() / 100 }

  static func median(_ values: [Double]) -> Double {
    values.sorted()[values.count / 2]
  }
}
