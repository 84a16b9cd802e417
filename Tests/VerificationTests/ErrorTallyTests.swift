import FloatFormats
import LossFunctions
import Reference
import Testing
import Verification

@Suite struct `Statistics of errors` {
  @Test func `merge to what one piece would have seen`() throws {
    var whole = ErrorTally()
    var pieces = [ErrorTally(), ErrorTally(), ErrorTally()]
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
    var merged = ErrorTally()
    for piece in pieces { merged.merge(piece) }
    #expect(merged.caseCount == whole.caseCount && merged.outputCount == 90)
    #expect(merged.misroundedCount == whole.misroundedCount && merged.misroundedCount > 60)
    #expect(merged.nonFiniteCount == 5 && merged.firstNonFinite == whole.firstNonFinite)
    #expect(merged.worst == whole.worst && merged.firstNonFinite?.index == 16)
    #expect(abs(merged.meanULPs - whole.meanULPs) < 1e-12)
    #expect(merged.maximumULPs == .infinity)
    #expect((merged.worst?.ulps ?? 0) > 2 && (merged.worst?.ulps ?? 9) <= 2.5)
  }

  @Test func `keep the first of equals, in whatever order they come`() throws {
    let input = LossInput(logits: [.one])
    let exact = try Reference().evaluate(.softplus, input, in: .float16)
    let output = FloatFormat.float16.nextUp(exact[0].value)
    let tallies = [7, 3, 5].map { index in
      var tally = ErrorTally()
      tally.observe(index: index, input, computed: [output], exact: exact)
      return tally
    }
    for order in [[0, 1, 2], [1, 0, 2], [1, 2, 0], [2, 1, 0]] {
      var merged = ErrorTally()
      for place in order { merged.merge(tallies[place]) }
      #expect(merged.worst?.index == 3, "\(order)")
    }
  }

  @Test func `merge to the same bits in whatever groups`() throws {
    let pieces = try (0..<6).map { piece in
      var statistics = ErrorTally()
      for index in piece * 40..<piece * 40 + 40 {
        // 1 in place of σ(−0.1), σ(−0.2), …: errors of 10^7 to 10^17 ulps that fill a Double, so that
        // sums of Doubles would depend on the grouping.
        let input = LossInput(logits: [FloatValue(Double(index) * -0.1)])
        let exact = try Reference().evaluate(.sigmoid, input, in: .float32)
        statistics.observe(index: index, input, computed: [.one], exact: exact)
      }
      return statistics
    }
    let fromLeft = pieces.reduce(into: ErrorTally()) { $0.merge($1) }
    var fromRight = ErrorTally()
    for piece in pieces.reversed() {
      var joined = piece
      joined.merge(fromRight)
      fromRight = joined
    }
    #expect(fromLeft == fromRight)
    #expect(fromLeft.meanULPs > 1e6)
  }

  @Test func `are the same of outputs that are of no row, without a case to show`() throws {
    let rows = LossRows(
      LossInput(logits: [1, 2, 3].map { FloatValue(Double($0)) }), in: .float32)
    let exact = try Reference().evaluate(.softmax, rows, in: .float32)
    var outputs = NumberColumn(.float32)
    for output in [FloatFormat.float32.nextUp(exact.values[0]), .one, .infinity] {
      outputs.append(output)
    }
    let errors = ErrorColumn(of: outputs, against: exact)
    var (ofRows, ofNone) = (ErrorTally(), ErrorTally())
    ofRows.observe(rows, places: [0], computed: outputs, exact: exact, errors: errors)
    ofNone.observe(errors, against: exact)
    #expect(ofNone.worst == nil && ofNone.maximumULPs == .infinity && ofNone.nonFiniteCount == 1)
    #expect(ofNone.outputCount == 3 && ofNone.misroundedCount == ofRows.misroundedCount)
    #expect(ofNone.meanULPs == ofRows.meanULPs && ofNone.meanULPs > 1e6)
    let finite = NumberColumn(.float32, floats: [0.5, 0.25, 0.25])
    let finiteErrors = ErrorColumn(of: finite, against: exact)
    var (one, merged) = (ErrorTally(), ErrorTally())
    one.observe(finiteErrors, against: exact)
    merged.merge(one)
    #expect(merged.maximumULPs == finiteErrors.ulps.max() && merged.maximumULPs > 1e6)
  }

  @Test func `hold a wrong number of outputs against the implementation`() throws {
    let input = LossInput(logits: [1, 2, 3].map { FloatValue(Double($0)) })
    let exact = try Reference().evaluate(.softmax, input, in: .float32)
    for count in [0, 2, 4] {
      var statistics = ErrorTally()
      let outputs = [FloatValue](repeating: exact[0].value, count: count)
      statistics.observe(index: 0, input, computed: outputs, exact: exact)
      #expect(statistics.outputCount == 3 && statistics.nonFiniteCount == 3, "\(count)")
      #expect(statistics.maximumULPs == .infinity && statistics.misroundedCount == 3)
    }
  }
}
