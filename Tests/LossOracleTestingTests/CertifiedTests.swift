import LossOracle
import Testing

@Suite struct `Exact values of a program's own numbers` {
  @Test func `keep the digits of a confident row in each type`() throws {
    #expect(try Reference().crossEntropy([50, 0], label: 0).value == 1.9287498479639178e-22)
    let float = try Reference().crossEntropy([50, 0] as [Float], label: 0)
    #expect(float.value == 0x1.d257d6p-73)
    #expect(float.certificate.ground == .lindemannWeierstrass)
    let narrow = try Reference().crossEntropy(
      [BFloat16(50 as Float), BFloat16(0 as Float)], label: 0)
    #expect(narrow.value.float == 0x1.d2p-73)
    #expect(try Reference().softmax([0, 0] as [Float]).map(\.value) == [0.5, 0.5])
    #expect(try Reference().binaryCrossEntropy(0.0, target: 1).value == 0.6931471805599453)
    #expect(
      try Reference().logSumExp([1e300, 1e300] as [Double], rounding: .up).value == (1e300).nextUp)
  }

  @Test func `are refused where the row is none`() {
    #expect(throws: ReferenceError.invalidInput(.labelOutOfRange(label: 2, classCount: 2))) {
      try Reference().crossEntropy([50, 0] as [Float], label: 2)
    }
    #expect(throws: ReferenceError.invalidInput(.noLogits)) {
      try Reference().logSumExp([] as [Double])
    }
  }

  @Test func `fill spans of rows`() throws {
    let logits: [Float] = [50, 0, 0, 50]
    var values: [Float] = [.nan, .nan]
    var room = values.mutableSpan
    let slowCount = try Reference().fill(
      &room, .crossEntropy, logits: logits.span, classCount: 2, targets: [0, 0])
    #expect(slowCount == 0 && values == [0x1.d257d6p-73, 50])
    #expect(throws: ReferenceError.self) {
      var room = values.mutableSpan
      _ = try Reference().fill(
        &room, .crossEntropy, logits: logits.span, classCount: 3, targets: [0])
    }
  }
}
