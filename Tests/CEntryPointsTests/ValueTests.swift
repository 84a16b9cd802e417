import CEntryPoints
import CLossOracle
import FloatingPointEnvironment
import Foundation
import Testing

@Suite struct `Values through the C interface` {
  @Test func `are correctly rounded`() {
    let call = CCall(logits: [50, 0, 1, 2], labels: [0, 1])
    #expect(call.values(count: 2).values == [1.9287499e-22, 0.3132617])
    // 10⁵ rows go to several threads, and say the same.
    var many = CCall(rowCount: 100_000)
    many.logits = (0..<200_000).map { Float($0 % 977) / 64 }
    many.labels = (0..<100_000).map { Int64($0 % 2) }
    let all = many.values(count: 100_000).values
    for row in stride(from: 0, to: 100_000, by: 9999) {
      let alone = CCall(
        logits: Array(many.logits![2 * row..<2 * row + 2]), labels: [many.labels![row]])
      #expect(alone.values().values == [all[row]])
    }
  }

  @Test func `take the options and reductions of the command`() {
    let smoothed = CCall(options: #"{"label_smoothing": 0.1}"#, logits: [1, 2], labels: [1])
    #expect(smoothed.values().values == [0.3632617])
    let mean = CCall(reduction: "mean", logits: [1, 2, 50, 0], labels: [1, 0])
    #expect(mean.values().values == [0.15663084])
    let byLogits = CCall(
      options: #"{"denominator": "values"}"#, reduction: "mean", logits: [1, 2, 50, 0],
      labels: [1, 0])
    #expect(byLogits.values().values == [0.07831542])
    var sum = byLogits
    sum.reduction = "sum"
    #expect(sum.values().status == lo_status(LO_INVALID_ARGUMENT))
    let up = CCall(rounding: "up", logits: [1, 2], labels: [1])
    let down = CCall(rounding: "down", logits: [1, 2], labels: [1])
    #expect(up.values().values[0] == down.values().values[0].nextUp)
  }

  @Test(
    arguments: ["mean", "sum"], [nil, #"{"ignore_index": 1}"#, #"{"class_weights": [1, 0.5, 3]}"#])
  func `of a batch are those of the exact rows`(_ reduction: String, _ options: String?) throws {
    var call = CCall(options: options, reduction: reduction, classCount: 3)
    call.logits = (0..<600).map { Float(($0 * 7919) % 997) / 64 - 8 }
    call.labels = (0..<200).map { Int64($0 % 3) }
    // float64 goes through MPFR, and so did float32 once; the one rounds to the other but for chance.
    for rounding in ["nearest-even", "up", "down"] {
      call.rounding = rounding
      call.outputFormat = "float64"
      var wide = 0.0
      #expect(call { lo_values($0, $1, &wide, 1) } == lo_status(LO_OK))
      call.outputFormat = nil
      let value = call.values().values[0]
      switch rounding {
      case "up": #expect(value == Float(wide).nextUp || value == Float(wide))
      case "down": #expect(value == Float(wide).nextDown || value == Float(wide))
      default: #expect(value == Float(wide))
      }
      if rounding == "up" { #expect(Double(value) >= wide) }
      if rounding == "down" { #expect(Double(value) <= wide) }
    }
  }

  @Test func `lie in their enclosures, and correctly rounded ones within half an ulp`() {
    let call = CCall(logits: [1, 2, -3, 4], labels: [0, 1])
    var (lower, upper) = ([Float](repeating: 0, count: 2), [Float](repeating: 0, count: 2))
    #expect(call { lo_enclosures($0, $1, &lower, &upper, 2) } == lo_status(LO_OK))
    var values = call.values(count: 2).values
    var ulps = [9.0, 9]
    #expect(call { lo_ulp_errors($0, $1, &values, 2, &ulps) } == lo_status(LO_OK))
    #expect(ulps.allSatisfy { $0 > 0 && $0 <= 0.5 })
    for row in 0..<2 { #expect([lower[row], upper[row]].contains(values[row])) }
    #expect(upper == lower.map(\.nextUp))
    values[0] = .infinity
    #expect(call { lo_ulp_errors($0, $1, &values, 2, &ulps) } == lo_status(LO_OK))
    #expect(ulps[0] == .infinity)
  }

  @Test func `are a known number of steps apart`() {
    let a: [Float] = [1, -0, .nan, .nan, .infinity, -Float.leastNonzeroMagnitude]
    let b: [Float] = [
      1 + 2 * .ulpOfOne, 0, .nan, 1, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
    ]
    var distances = [Double](repeating: -1, count: 6)
    #expect(lo_ulp_distances("float32", a, b, 6, &distances) == lo_status(LO_OK))
    #expect(distances == [2, 0, 0, .infinity, 1, 2])
  }

  #if arch(x86_64)
    @Test func `do not depend on the caller's floating-point environment, which stays`() {
      var call = CCall(function: "softmax", logits: [0, -92, 0, -92.5], labels: nil)
      let expected = call.values(count: 4).values
      #expect(expected[1] > 0 && expected[1] < .leastNormalMagnitude)
      let before = ControlWords.current()
      defer { before.install() }
      // Rounding down, with subnormal operands and results as 0.
      var other = before
      other.vector |= 0x8040 | 0x2000
      other.install()
      let allExceptions: Int32 = 0x3D
      feclearexcept(allExceptions)
      let values = call.values(count: 4).values
      call.reduction = "mean"
      _ = call.values(count: 4)
      let (after, flags) = (ControlWords.current(), fetestexcept(allExceptions))
      before.install()
      #expect(values == expected)
      #expect(after.isSame(as: other))
      #expect(flags == 0)
    }
  #endif

  @Test(arguments: ["softmax", "cross-entropy", "cross-entropy-gradient", "entropy"])
  func `take a scale, a cap, biases and a temperature before a function`(function: String) {
    func values(_ logits: [Float], _ options: String?) -> [Float] {
      let hasLabel = function.hasPrefix("cross")
      let call = CCall(
        function: function, options: options, logits: logits, labels: hasLabel ? [1] : nil)
      return call.values(count: ["softmax", "cross-entropy-gradient"].contains(function) ? 2 : 1)
        .values
    }
    // (2·x + b)/4, exactly; a gradient is by x, which is half of that.
    let slope: Float = function.hasSuffix("gradient") ? 0.5 : 1
    #expect(
      values([3, -1], #"{"scale": 2, "logit_bias": [2, 6], "temperature": 4}"#)
        == values([2, 1], nil).map { $0 * slope })
    // 1·tanh(±1e30) is ±1, but for less than any float32 tells, and has no slope that one holds.
    #expect(
      values([1e30, -1e30], #"{"softcap": 1}"#)
        == values([1, -1], nil).map { function.hasSuffix("gradient") ? 0 : $0 })
  }

  @Test func `and the library tell what there is`() throws {
    var text: lo_handle = 0
    #expect(lo_catalogue(&text) == lo_status(LO_OK))
    let catalogue = try #require(
      JSONSerialization.jsonObject(with: Data(read(text).utf8)) as? [String: Any])
    #expect((catalogue["functions"] as? [Any])?.count ?? 0 >= 10)
    #expect(lo_interface_version() == UInt32(LO_INTERFACE_VERSION))
    #expect(lo_package_version().map { String(cString: $0) } == catalogue["version"] as? String)
  }
}
