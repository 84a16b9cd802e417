import CArb
import LossOracle

/// Measures the reference's MPFR tier beside Arb: the cross-entropy of normal float32 logits, rounded
/// to float32, in one run, the two in turn, medians of seven.
@main
struct Benchmark {
  static func main() throws {
    print("cross-entropy, float32 logits and result, one core; ns per logit, medians of \(rounds)")
    print("classes  rows  MPFR tier  Arb, 64 bits  ratio")
    for (classes, rows) in [(10, 2000), (1000, 20), (128_000, 1)] {
      let batch = (0..<rows).map { row(classes, index: $0) }
      var (ours, theirs): ([Double], [Double]) = ([], [])
      var bits = 0
      for _ in 0..<rounds {
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
      let (a, b) = (median(ours), median(theirs))
      let ratio = (a / b * 100).rounded() / 100
      print("\(classes)  \(rows)  \(Int(a.rounded()))  \(Int(b.rounded()))  \(ratio)")
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

  static func median(_ values: [Double]) -> Double {
    values.sorted()[values.count / 2]
  }
}
