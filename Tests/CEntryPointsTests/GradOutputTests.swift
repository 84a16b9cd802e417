import CEntryPoints
import CLossOracle
import Testing

@Suite struct `Gradients with an upstream, from C` {
  private func call(_ function: String, _ logits: [Float], _ gradOutput: [Float]?) -> CCall {
    var call = CCall()
    call.function = function
    call.classCount = function == "sigmoid-gradient" ? 1 : 2
    call.logits = logits
    call.labels = nil
    call.gradOutput = gradOutput
    return call
  }

  @Test func `take a number for each row, or for each class`() {
    let slopes = call("sigmoid-gradient", [0, 0], [2, -4]).values(count: 2)
    #expect(slopes.status == lo_status(LO_OK) && slopes.values == [0.5, -1])
    let shares = call("log-sum-exp-gradient", [7, 7, 1, 1], [2, -4]).values(count: 4)
    #expect(shares.status == lo_status(LO_OK) && shares.values == [1, 1, -2, -2])
    let products = call("softmax-gradient", [7, 7, 1, 1], [4, 0, 0, 8]).values(count: 4)
    #expect(products.status == lo_status(LO_OK) && products.values == [1, -1, -2, 2])
  }

  @Test func `take one for each row of the gradient of a loss, or none`() {
    var gradient = call("cross-entropy-gradient", [7, 7, 1, 1], [2, -4])
    gradient.labels = [0, 1]
    #expect(gradient.values(count: 4).values == [-1, 1, -2, 2])
    gradient.gradOutput = nil
    #expect(gradient.values(count: 4).values == [-0.5, 0.5, 0.5, -0.5])
  }

  @Test func `are refused without one, and other functions with one`() {
    #expect(call("sigmoid-gradient", [0], nil).values().status == lo_status(LO_INVALID_INPUT))
    #expect(errorText.contains("needs grad_output"))
    #expect(call("log-sum-exp", [0, 1], [1]).values().status == lo_status(LO_INVALID_INPUT))
    #expect(errorText.contains("has no grad_output"))
  }

  @Test func `leave a structure without the field as good as it was`() {
    var older = CCall()
    older.rowsSize = MemoryLayout<lo_rows>.offset(of: \.grad_output) ?? 0
    #expect(older.values().status == lo_status(LO_OK))
    older.rowsSize -= 1
    #expect(older.values().status == lo_status(LO_INVALID_ARGUMENT))
  }
}
