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

  @Test func `are there for every function`() throws {
    for function in LossFunction.allCases
    where function.gradOutputKind == .none && !function.isOfShards
      && !function.isOfDistributions
    {
      #expect(!(try database.witnesses(of: function)).isEmpty, "\(function)")
    }
  }

  @Test(
    .onRecordedPlatform,
    arguments: LossFunction.allCases.filter {
      $0.gradOutputKind == .none && !$0.isOfShards && !$0.isOfDistributions
    })
  func `still break what they broke, to the bit, on the recorded platform`(
    _ function: LossFunction
  ) async throws {
    for witness in try database.witnesses(of: function)
    where witness.origin.hasSuffix(Platform.current.name) {
      let judgement = try await Self.judgement(of: witness, function)
      // Where that is a subnormal value's 0, it has a name of its own by now.
      let kind = judgement.failure?.kind == .flushed ? .inaccurate : judgement.failure?.kind
      #expect(kind == witness.failure, "\(witness.subject) \(witness.logits)")
      #expect(judgement.failure?.message == witness.message, "\(witness.subject) \(witness.logits)")
    }
  }

  /// Where a result is infinite, or a thousand ulps off, it is the formula's doing and no library's.
  @Test(
    arguments: LossFunction.allCases.filter {
      $0.gradOutputKind == .none && !$0.isOfShards && !$0.isOfDistributions
    })
  func `still break what lost its digits altogether, on any platform`(
    _ function: LossFunction
  ) async throws {
    let lost = try database.witnesses(of: function).filter { ($0.ulps ?? .infinity) > 1000 }
    #expect(!lost.isEmpty)
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
    arguments: LossFunction.allCases.filter {
      $0.gradOutputKind == .none && !$0.isOfShards && !$0.isOfDistributions
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
