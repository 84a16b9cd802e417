import FloatFormats
import LossFunctions
import Multiprecision
import PropertyEngine
import Testing

@Suite struct `An accuracy claim` {
  private static let input = LossInput(logits: [.one, .zero], target: .index(0))

  @Test func `tells failures apart`() async throws {
    let infinite = try await judge { _ in [.infinity] }
    #expect(infinite.failure?.kind == .nonFinite && infinite.badness == .infinity)
    let none = try await judge { _ in [] }
    #expect(none.failure?.kind == .outputCount)
    let negative = try await judge { _ in [FloatValue(-0.3)] }
    #expect(negative.failure?.kind == .wrongSign)
    let wrong = try await judge { _ in [FloatValue(0.3)] }
    #expect(wrong.failure?.kind == .inaccurate && wrong.badness > 1e5)
    struct Broken: Error {}
    let thrown = try await judge { _ in throw Broken() }
    #expect(thrown.failure?.kind == .crash)
  }

  @Test func `allows an error of exactly the bound`() async throws {
    // The exact loss 0.31326168… lies 0.0897 ulp of float32 from its rounding.
    let rounded = FloatFormat.float32.rounded(FloatValue(0.313_261_687_518_222_83), .nearestEven)
    let judgement = try await judge(within: 1) { _ in [rounded] }
    #expect(judgement.failure == nil)
    let bound = judgement.badness
    #expect(try await judge(within: bound) { _ in [rounded] }.failure == nil)
    #expect(try await judge(within: bound.nextDown) { _ in [rounded] }.failure != nil)
  }

  @Test(arguments: CheckContract.SpecialValues.allCases)
  func `judges infinite logits apart unless strict`(
    _ specialValues: CheckContract.SpecialValues
  ) async throws {
    let input = LossInput(logits: [.infinity, .zero], target: .index(1))
    let judgement = try await judge(input, specialValues: specialValues) { _ in [.nan] }
    #expect((judgement.failure?.kind == .specialValue) == (specialValues == .strict))
  }

  private func judge(
    _ input: LossInput = input, within bound: Double = 4,
    specialValues: CheckContract.SpecialValues = .apart,
    _ outputs: @escaping @Sendable (LossInput) throws -> [FloatValue]
  ) async throws -> Judgement {
    let claim = AccuracyClaim(
      ClosureSubject(outputs),
      CheckContract(
        .crossEntropy, in: .float32, claim: .ulps(bound), specialValues: specialValues))
    return try #require(try await claim.judge([input]).first)
  }
}
