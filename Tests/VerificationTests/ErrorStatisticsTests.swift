import FloatFormats
import LossFunctions
import Reference
import Testing
import Verification

@Suite struct `Statistics of errors` {
  @Test func `merge to what one piece would have seen`() throws {
    var whole = ErrorStatistics()
    var pieces = [ErrorStatistics(), ErrorStatistics(), ErrorStatistics()]
    for index in 0..<90 {
      let input = LossInput(logits: [FloatValue(Double(index) / 8 - 5)])
      let exact = try Reference().evaluate(.softplus, input, in: .float16)
      // Wrong by zero, one or two ulps, and infinite now and then.
      var output = exact[0].value
      for _ in 0..<index % 3 { output = FloatFormat.float16.nextUp(output) }
      if index % 17 == 16 { output = .infinity }
      whole.observe(index: index, input, computed: [output], exact: exact)
      pieces[index / 30].observe(index: index, input, computed: [output], exact: exact)
    }
    var merged = ErrorStatistics()
    for piece in pieces { merged.merge(piece) }
    #expect(merged.caseCount == whole.caseCount && merged.outputCount == 90)
    #expect(merged.misroundedCount == whole.misroundedCount && merged.misroundedCount > 60)
    #expect(merged.nonFiniteCount == 5 && merged.firstNonFinite == whole.firstNonFinite)
    #expect(merged.worst == whole.worst && merged.firstNonFinite?.index == 16)
    #expect(abs(merged.meanULPs - whole.meanULPs) < 1e-12)
    #expect(merged.maximumULPs == .infinity)
    #expect((merged.worst?.ulps ?? 0) > 2 && (merged.worst?.ulps ?? 9) <= 2.5)
  }
}
