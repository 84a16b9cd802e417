import Cases
import FloatFormats
import LossFunctions
import Testing

@testable import PropertyEngine

@Suite struct `A climb to the worst case` {
  @Test func `goes on from a worse case, and stays where a change makes it better`() throws {
    var ascent = Ascent(
      Mutation(format: .float32, greatestClassCount: 10), seed: 1, path: ["climb"])
    ascent.offer(LossRows(LossInput(logits: [.one]), in: .float32), [1])
    for (badness, reached) in [(4, 4), (2, 4), (8, 8)] as [(Double, Double)] {
      let proposal = try #require(ascent.proposals(count: 1).first)
      ascent.consider(proposal, badness: badness, temperature: 0)
      #expect(ascent.walkers.map(\.badness) == [reached])
      #expect((ascent.walkers[0].input == proposal.input) == (badness == reached))
    }
  }
}
