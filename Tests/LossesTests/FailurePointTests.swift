import FloatFormats
import LossFunctions
import Losses
import Testing

private let hasFloat16 = LossScalars.all.contains { $0.format == .float16 }

@Suite struct `Formulas fail where they are known to` {
  @Test func `a clipped binary loss cannot exceed 16.1181, or 15.9424 for the other label`() {
    let loss = ClippedBinaryCrossEntropy()
    #expect(loss.value(logit: Float(-1000), target: 1) == 16.118095)
    #expect(loss.value(logit: Float(1000), target: 0) == 15.942385)
    #expect(loss.value(logit: -1000.0, target: 1).rounded() == 16)
  }

  @Test(.enabled(if: hasFloat16, "this processor's Swift has no Float16"))
  func `clipping does not help in float16, where 1 - 1e-7 is 1`() throws {
    let loss = try #require(
      ClippedBinaryCrossEntropy().evaluate(
        LossInput(logits: [FloatValue(30.0)], target: .probabilities([.zero])), in: .float16))
    #expect(!loss[0].isFinite)
  }

  @Test func `a clamped binary loss is 100 for a certain mistake, whatever the logit`() {
    let loss = ClampedBinaryCrossEntropy()
    #expect(loss.value(logit: Float(20), target: 0) == 100)
    #expect(loss.value(logit: Float(1000), target: 0) == 100)
    #expect(loss.value(logit: Float(-150), target: 1) == 100)
  }

  @Test func `the gradient of a clamped loss is 0 for a certain mistake`() {
    #expect(ClampedChainBinaryCrossEntropyGradient().value(logit: Float(20), target: 0) == 0)
    #expect(BothLabelsBinaryCrossEntropyGradient().value(logit: Float(20), target: 0) == 1)
  }

  @Test func `the fused gradient cancels for one label, and two sigmoids do not`() {
    #expect(FusedBinaryCrossEntropyGradient().value(logit: Float(20), target: 1) == 0)
    let gradient = BothLabelsBinaryCrossEntropyGradient().value(logit: Float(20), target: 1)
    #expect(abs(gradient + 2.0611537e-9) < 1e-15)
  }

  @Test func `a binary loss without cases overflows from e^89 on in float32`() {
    #expect(SoftplusBinaryCrossEntropy().value(logit: Float(-89), target: 0) == .infinity)
    #expect(TwoCaseBinaryCrossEntropy().value(logit: Float(-89), target: 0) > 0)
  }

  @Test func `a difference with the logit loses a small binary loss, a pair does not`() {
    #expect(LogSigmoidBinaryCrossEntropy().value(logit: Float(-20), target: 0) == 0)
    #expect(LogAddExpBinaryCrossEntropy().value(logit: Float(20), target: 1) == 0)
    #expect(LogSigmoidPairBinaryCrossEntropy().value(logit: Float(-20), target: 0) > 2.06e-9)
  }

  @Test func `a threshold of 20 is invisible in float32 and half a million ulps in float64`() {
    let (threshold, stable) = (ThresholdSoftplus(), StableSoftplus())
    let (narrow, wide) = (Float(20).nextUp, 20.0.nextUp)
    #expect(
      threshold.value(logit: narrow, target: 0) == stable.value(logit: narrow, target: 0))
    let difference =
      stable.value(logit: wide, target: 0) - threshold.value(logit: wide, target: 0)
    #expect((500_000..<600_000).contains(difference / wide.ulp))
  }

  @Test
  func `log-sum-exp less the logit is 0 under a common offset of 1e4, the shifted form right`() {
    let x = [Float(20_000), 19_990]
    #expect(LogSumExpCrossEntropy().outputs(logits: x, label: 0) == [0])
    #expect(abs(LogitsCrossEntropy().outputs(logits: x, label: 0)[0] - 4.5398899e-5) < 1e-7)
    #expect(UnshiftedLogSumExpCrossEntropy().outputs(logits: x, label: 0) == [.infinity])
  }

  @Test func `log1p over the others keeps a loss that the shifted sum drops`() {
    let x = [Float(50), 0]
    #expect(LogitsCrossEntropy().outputs(logits: x, label: 0) == [0])
    #expect(abs(OthersCrossEntropy().outputs(logits: x, label: 0)[0] / 1.9287498e-22 - 1) < 1e-6)
    #expect(TargetShiftedCrossEntropy().outputs(logits: x, label: 1) == [50])
    #expect(TargetShiftedCrossEntropy().outputs(logits: [Float(89), 0], label: 1) == [.infinity])
  }

  @Test func `clipped probabilities bound the categorical loss on both sides`() {
    #expect(ClippedCrossEntropy().outputs(logits: [Float(0), 100], label: 0) == [16.118095])
    let least = ClippedCrossEntropy().outputs(logits: [Float(100), 0], label: 0)[0]
    #expect(least > 1.19e-7 && least < 1.2e-7)
  }

  @Test func `a sum from first to last stops growing in bfloat16, pairs and compensation go on`() {
    let x = [BFloat16](repeating: 0, count: 1024)
    // 256 + 1 is 256 with 8 bits; log 256 = 5.545, log 1024 = 6.931.
    #expect(ShiftedLogSumExp().outputs(logits: x, label: 0)[0].float == 5.53125)
    #expect(SummedLogSumExp(.pairwise).outputs(logits: x, label: 0)[0].float == 6.9375)
    #expect(SummedLogSumExp(.kahan).outputs(logits: x, label: 0)[0].float == 6.9375)
    let row = LossInput(logits: x.map { FloatValue($0.float) })
    let wide = Float32Accumulation(ShiftedLogSumExp()).evaluate(row, in: .bfloat16)
    #expect(wide == [FloatValue(6.9375)])
  }

  @Test func `one pass gives the sum of two passes, minus infinity included`() {
    let x: [Double] = [-.infinity, 0, 3, -2, 5, 4]
    let expected = ShiftedLogSumExp().outputs(logits: x, label: 0)[0]
    let online = SummedLogSumExp(.online).outputs(logits: x, label: 0)[0]
    let masked = [Double](repeating: -.infinity, count: 4) + x
    let blocked = SummedLogSumExp(.blocked).outputs(logits: masked, label: 0)[0]
    #expect(abs(online - expected) < 1e-14 && abs(blocked - expected) < 1e-14)
  }

  @Test func `an ignored row costs nothing`() {
    #expect(IgnoreIndexCrossEntropy().outputs(logits: [Float(0), 100], label: 0) == [0])
    #expect(IgnoreIndexCrossEntropy().outputs(logits: [Float(0), 100], label: 1) == [0])
  }
}
