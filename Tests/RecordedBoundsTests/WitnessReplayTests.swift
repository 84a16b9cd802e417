import FloatFormats
import Foundation
import LossFunctions
import Losses
import PropertyEngine
import RecordedBounds
import Reference
import TestSupport
import Testing
import Verification

@Suite struct `The kept witnesses` {
  private let database = WitnessDatabase(
    folder: TestPaths.package.appending(path: "Fixtures/witnesses"))

  /// The forms of shards' partials are within 8 ulp of all rows without an infinity.
  @Test func `are there for every function that has forms that fail`() throws {
    for function in LossFunction.allCases where function != .shardPartials {
      #expect(!(try database.witnesses(of: function)).isEmpty, "\(function)")
    }
  }

  @Test(.onRecordedPlatform, arguments: LossFunction.allCases)
  func `still break what they broke, to the bit, on the recorded platform`(
    _ function: LossFunction
  ) async throws {
    for witness in try database.witnesses(of: function)
    where witness.origin.hasSuffix(Platform.current.name) {
      let judgement = try await Self.judgement(of: witness, function)
      // Where that is a subnormal value's 0, it has a name of its own by now.
      let kind = judgement.failure?.kind
      let kinds = kind == .flushed ? [.flushed, .inaccurate] : [kind]
      #expect(kinds.contains(witness.failure), "\(witness.subject) \(witness.logits)")
      #expect(judgement.failure?.message == witness.message, "\(witness.subject) \(witness.logits)")
    }
  }

  /// Where a result is infinite, or a thousand ulps off, it is the formula's doing and no library's. What the
  /// derivative of the sigmoid loses shrinks to the least numbers, of few ulps.
  @Test(arguments: LossFunction.allCases)
  func `still break what lost its digits altogether, on any platform`(
    _ function: LossFunction
  ) async throws {
    let lost = try database.witnesses(of: function).filter { ($0.ulps ?? .infinity) > 1000 }
    #expect(!lost.isEmpty || [.shardPartials, .sigmoidGradient].contains(function))
    for witness in lost {
      let judgement = try await Self.judgement(of: witness, function)
      #expect(judgement.failure != nil, "\(witness.subject) \(witness.logits)")
    }
  }

  private static func judgement(
    of witness: WitnessRecord, _ function: LossFunction
  ) async throws -> Judgement {
    let implementation = try #require(
      Implementations.all.first { $0.name == witness.subject && $0.function == function },
      "\(witness.subject) is no longer built in: renew with tools/record-witnesses")
    let format = try #require(FloatFormat(named: witness.format))
    let claim = AccuracyClaim(
      ImplementationSubject(implementation), computes: function, in: format, within: 8
    )
    return try await claim.judge([witness.input()])[0]
  }

  @Test(
    arguments: LossFunction.allCases.filter { function in
      Implementations.all.contains { $0.name == "faithful" && $0.function == function }
    })
  func `do not break the faithful forms`(_ function: LossFunction) async throws {
    let implementation = try #require(
      Implementations.all.first { $0.name == "faithful" && $0.function == function })
    for format in LossScalars.all.map({ $0.format }) {
      let inputs = try database.inputs(of: function, in: format).filter { input in
        // Softmax · Σy − y of soft targets can cancel beyond any fixed precision.
        function != .crossEntropyGradient || !input.hasSoftTarget
      }
      let claim = AccuracyClaim(
        ImplementationSubject(implementation), computes: function, in: format, within: 1
      )
      for (input, judgement) in zip(inputs, try await claim.judge(inputs)) {
        #expect(judgement.failure == nil, "\(format) \(input.logits)")
      }
    }
  }
}

extension LossInput {
  fileprivate var hasSoftTarget: Bool {
    if case .probabilities = target { true } else { false }
  }
}
