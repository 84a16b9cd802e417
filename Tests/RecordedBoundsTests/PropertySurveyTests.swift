import Cases
import FloatFormats
import Foundation
import LossFunctions
import Losses
import PropertyEngine
import RecordedBounds
import TestSupport
import Testing

@Suite struct `The built-in implementations` {
  private let known: [WitnessRecord]

  init() throws {
    let file = TestPaths.package.appending(path: "Fixtures/properties/known-violations.json")
    known = try WitnessFile(contentsOf: file).witnesses
  }

  @Test(.onRecordedPlatform)
  func `have every property that they are not known to violate on the recorded platform`()
    async throws
  {
    let survey = PropertySurvey(
      caseCount: TestSeed.count(2), searchCount: 0, seed: TestSeed.current)
    for question in PropertySurvey.questions
    where !known.contains(where: { question.isAnswered(by: $0) }) {
      let witness = try await survey.witness(against: question)
      #expect(
        witness == nil,
        """
        \(question.implementation.function) \(question.implementation.name) in \(question.format) \
        violates \(question.property.name); if that is meant, run tools/record-properties
        """)
    }
  }

  /// On any platform: these forms round rightly nearly always, whatever `exp` gives.
  @Test func `have every property that the faithful ones are not known to violate`() async throws {
    let survey = PropertySurvey(
      caseCount: TestSeed.count(2), searchCount: 0, seed: TestSeed.current)
    for question in PropertySurvey.questions
    where question.implementation.name == "faithful"
      && !known.contains(where: { question.isAnswered(by: $0) })
    {
      let witness = try await survey.witness(against: question)
      #expect(witness == nil, "\(question.implementation.function) in \(question.format)")
    }
  }

  @Test(.onRecordedPlatform)
  func `violate the properties that they are known to violate on the recorded platform`()
    async throws
  {
    for record in known {
      let question = try #require(
        PropertySurvey.questions.first { $0.isAnswered(by: record) },
        "\(record.subject) is recorded but not built in: run tools/record-properties")
      // The witness fails without the code having changed: known, and to be missed where it is gone.
      let input = try record.input()
      let judgement = try await question.claim.judge([input]).first
      withKnownIssue("\(record.subject): \(record.failure.rawValue)") {
        #expect(judgement?.failure?.kind != record.failure)
      }
    }
  }
}
