import Cases
import TestSupport
import Testing

@Suite struct `Random choices` {
  @Test func `come from SplitMix64 as published`() {
    // The first outputs for the state 1234567, from the reference implementation.
    var generator = SplitMix64(state: 1_234_567)
    let outputs = (0..<5).map { _ in generator.next() }
    #expect(
      outputs == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  @Test func `come from xoshiro256** as published`() {
    // Its state update, followed by hand for the state (1, 2, 3, 4) in the reference implementation.
    var generator = RandomSource(state: (1, 2, 3, 4))
    let outputs = (0..<4).map { _ in generator.next() }
    #expect(outputs == [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240])
  }

  @Test func `of a case do not depend on other cases`() {
    var first = RandomSource(seed: 7, path: ["a", "b"], index: 3)
    var again = RandomSource(seed: 7, path: ["a", "b"], index: 3)
    var other = RandomSource(seed: 7, path: ["ab", ""], index: 3)
    let bits = first.next()
    #expect(bits == again.next())
    #expect(bits != other.next())
  }

  @Test func `of an integer reach both ends and nothing else, each as often`() {
    var choices = TestSeed.choices("integers")
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70000 { counts[choices.integer(in: -3...3) + 3] += 1 }
    // Six deviations of a binomial of mean 10,000.
    #expect(counts.allSatisfy { abs($0 - 10000) < 560 }, "\(counts)")
  }

  @Test func `that are normal have the moments of the normal distribution`() {
    var choices = TestSeed.choices("normal")
    let count = 100_000
    var (sum, squares, fourths, beyondTwo) = (0.0, 0.0, 0.0, 0)
    for _ in 0..<count {
      let x = choices.normal()
      sum += x
      squares += x * x
      fourths += x * x * x * x
      if abs(x) > 2 { beyondTwo += 1 }
    }
    let n = Double(count)
    #expect(abs(sum / n) < 5 / n.squareRoot())
    #expect(abs(squares / n - 1) < 5 * (2 / n).squareRoot())
    #expect(abs(fourths / n - 3) < 5 * (96 / n).squareRoot())
    #expect(abs(Double(beyondTwo) / n - 0.0455) < 0.004)
  }

  @Test func `that are normal are the same bits on every platform`() {
    var choices = ChoiceSource(RandomSource(seed: 1))
    let bits = (0..<4).map { _ in choices.normal().bitPattern }
    #expect(
      bits == [
        13_826_096_662_988_673_839, 4_614_303_179_685_412_698, 13_822_723_809_227_361_550,
        13_833_731_721_081_566_552,
      ])
  }
}
