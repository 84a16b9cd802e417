import CEntryPoints
import CLossOracle
import Testing

@Suite struct `Losses in shards, from C` {
  @Test func `have three numbers for each row, and take labels of other shards`() {
    var call = CCall()
    call.function = "shard-partials"
    call.logits = [3, 3, 1, -.infinity]
    call.labels = [1, -1]
    let partials = call.values(count: 6)
    #expect(partials.status == lo_status(LO_OK))
    #expect(partials.values == [3, 2, 3, 1, 1, -.infinity])
    call.labels = [1, -2]
    #expect(call.values(count: 6).status == lo_status(LO_INVALID_INPUT))
    call.labels = [1, 0]
    call.reduction = "mean"
    #expect(call.values().status == lo_status(LO_INVALID_ARGUMENT))
  }

  @Test func `are merged from the maxima, the sums and the target's logits`() {
    var call = CCall()
    call.function = "merged-cross-entropy"
    call.logits = [2, 2]
    call.labels = nil
    call.gradOutput = [0.25, 0.75, -.infinity, 1.5]
    let merged = call.values()
    #expect(merged.status == lo_status(LO_OK) && merged.values == [0.5])
    call.gradOutput = [-0.25, 0.75, -.infinity, 1.5]
    #expect(call.values().status == lo_status(LO_INVALID_INPUT))
    #expect(errorText.contains("the sum of a shard"))
  }
}
