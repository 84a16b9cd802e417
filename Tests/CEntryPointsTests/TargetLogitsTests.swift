import CEntryPoints
import CLossOracle
import Testing

@Suite struct `Logits as targets, from C` {
  private func call(_ function: String, _ logits: [Float], _ targetLogits: [Float]?) -> CCall {
    var call = CCall()
    call.function = function
    call.logits = logits
    call.labels = nil
    call.targetLogits = targetLogits
    return call
  }

  @Test func `are a second row of as many numbers`() {
    let divergence = call("kl-divergence", [1, 2, 5, 7], [1, 2, 1, 3]).values(count: 2)
    #expect(divergence.status == lo_status(LO_OK) && divergence.values == [0, 0])
    let gradient = call("kl-divergence-gradient", [3, 3], [0, .infinity]).values(count: 2)
    #expect(gradient.status == lo_status(LO_OK) && gradient.values == [0.5, -0.5])
    let loss = call("cross-entropy", [7, 7], [0, 1]).values()
    #expect(loss.status == lo_status(LO_OK) && loss.values == [0.6931472])
  }

  @Test func `are refused where a target is something else, and asked for where it cannot be`() {
    #expect(call("kl-divergence", [0, 1], nil).values().status == lo_status(LO_INVALID_INPUT))
    #expect(errorText.contains("needs a target"))
    var labelled = call("kl-divergence", [0, 1], nil)
    labelled.labels = [0]
    #expect(labelled.values().status == lo_status(LO_INVALID_INPUT))
    #expect(errorText.contains("must be logits"))
    labelled.targetLogits = [0, 1]
    #expect(labelled.values().status == lo_status(LO_INVALID_ARGUMENT))
    #expect(
      call("softmax", [0, 1], [0, 1]).values(count: 2).status == lo_status(LO_INVALID_INPUT))
    #expect(errorText.contains("has no target"))
  }

  @Test func `leave a structure without the field as good as it was`() {
    var older = CCall()
    older.rowsSize = MemoryLayout<lo_rows>.offset(of: \.target_logits) ?? 0
    #expect(older.values().status == lo_status(LO_OK))
  }
}
