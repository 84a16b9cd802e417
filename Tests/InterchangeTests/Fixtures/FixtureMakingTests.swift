import Cases
import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@testable import Interchange

@Suite struct `Fixtures that are made` {
  @Test(arguments: LossFunction.allCases)
  func `hold in JSON and in tensors what the families and the reference give`(
    function: LossFunction
  ) async throws {
    let folder = try TemporaryFolder()
    for format in FloatFormat.catalogue {
      let families = FixturePlan.usualFamilies(for: function, in: format, asTensors: true)
      let plan = try FixturePlan(
        function: function, format: format, families: families, caseCount: 25, classCount: 3,
        seed: 7)
      let path = folder.path("x.safetensors")
      try await plan.writeSafetensors(to: path, threadCount: 2) { _, _ in }
      let json = try FixtureRows(json: await plan.json(threadCount: 2))
      let tensors = try FixtureRows(contentsOf: URL(filePath: path), for: function)
      #expect(json.count == 25 && tensors.count == 25)
      #expect(json.format == format && tensors.format == format)
      #expect(json.families == tensors.families && json.function == tensors.function)

      var index = 0
      for part in plan.parts {
        for place in 0..<part.caseCount {
          let shape = CaseShape(function: function, format: format, classCount: 3)
          let input = part.family.input(shape, seed: 7, index: place)
          let exact = try Reference().evaluate(function, input, in: format).map(\.value)
          #expect(try json[index] == input && tensors[index] == input)
          #expect(try json.expected(index) == exact && tensors.expected(index) == exact)
          #expect(json.familyName(index) == part.family.name)
          #expect(tensors.familyName(index) == part.family.name)
          index += 1
        }
      }
    }
  }

  @Test(arguments: [LossFunction.binaryCrossEntropy, .crossEntropyGradient], InputKind.allCases)
  func `may be of probabilities, and say so`(
    _ function: LossFunction, _ input: InputKind
  ) async throws {
    let folder = try TemporaryFolder()
    var options = LossOptions()
    options.input = input
    let families = FixturePlan.usualFamilies(
      for: function, in: .bfloat16, options: options, asTensors: true)
    #expect(families.contains { $0.name == "probability-edge" } == (input != .logits))
    let plan = try FixturePlan(
      function: function, format: .bfloat16, input: input, families: families, caseCount: 60,
      classCount: 3, seed: 7)
    let path = folder.path("x.safetensors")
    try await plan.writeSafetensors(to: path, threadCount: 2) { _, _ in }
    let json = try FixtureRows(json: await plan.json(threadCount: 2))
    let tensors = try FixtureRows(contentsOf: URL(filePath: path), for: function)
    #expect(json.options == options && tensors.options == options)
    for index in 0..<60 {
      let row = try json[index]
      #expect(try tensors[index] == row)
      let exact = try Reference().evaluate(function, row, options: options, in: .bfloat16)
      #expect(try json.expected(index) == exact.map(\.value))
      #expect(try tensors.expected(index) == exact.map(\.value))
    }
  }

  @Test(arguments: [
    (LossFunction.crossEntropyGradient, #"{"softcap": 5, "temperature": 2}"#),
    (.binaryCrossEntropy, #"{"scale": 0.25, "pos_weight": 3}"#),
    (.softmax, #"{"logit_bias": [1, -2, 0.5]}"#),
  ])
  func `may be of functions with options, and say so`(
    _ function: LossFunction, _ text: String
  ) async throws {
    let folder = try TemporaryFolder()
    let options = try LossOptions(parsing: text, for: function, in: .float32)
    let plan = try FixturePlan(
      function: function, format: .float32, options: options, families: [.normal], caseCount: 20,
      classCount: 3, seed: 7)
    let path = folder.path("x.safetensors")
    try await plan.writeSafetensors(to: path, threadCount: 2) { _, _ in }
    let json = try FixtureRows(json: await plan.json(threadCount: 2))
    let tensors = try FixtureRows(contentsOf: URL(filePath: path), for: function)
    #expect(json.options == options && tensors.options == options)
    for index in 0..<20 {
      let row = try json[index]
      #expect(try tensors[index] == row)
      let exact = try Reference().evaluate(function, row, options: options, in: .float32)
      #expect(try json.expected(index) == exact.map(\.value))
      #expect(try tensors.expected(index) == exact.map(\.value))
    }
    let wrong = Data(
      String(decoding: try await plan.json(threadCount: 1), as: UTF8.self)
        .replacingOccurrences(of: "\"options\": \"{", with: "\"options\": \"[").utf8)
    #expect(throws: FixtureError.self) { try FixtureRows(json: wrong) }
  }

  @Test(arguments: [
    LossFunction.crossEntropyGradient, .binaryCrossEntropyGradient, .klDivergenceGradient,
  ])
  func `have a grad_output for each row where the options ask for one`(
    _ function: LossFunction
  ) async throws {
    let folder = try TemporaryFolder()
    var options = LossOptions()
    options.gradOutput = .row
    let plan = try FixturePlan(
      function: function, format: .float32, options: options, families: [.gradOutputs, .normal],
      caseCount: 24, classCount: 3, seed: 7)
    let path = folder.path("x.safetensors")
    try await plan.writeSafetensors(to: path, threadCount: 2) { _, _ in }
    let json = try FixtureRows(json: await plan.json(threadCount: 2))
    let tensors = try FixtureRows(contentsOf: URL(filePath: path))
    #expect(json.options == options && tensors.options == options)
    var others = 0
    for index in 0..<24 {
      let row = try json[index]
      #expect(row.gradOutput.count == 1)
      #expect(try tensors[index] == row)
      if row.gradOutput != [.one] { others += 1 }
      let exact = try Reference().evaluate(function, row, options: options, in: .float32)
      #expect(try json.expected(index) == exact.map(\.value))
      #expect(try tensors.expected(index) == exact.map(\.value))
    }
    #expect(others > 12)
  }

  @Test func `are of labels where the options are`() async throws {
    var options = LossOptions()
    options.focalGamma = FloatValue(2.0)
    let families = FixturePlan.usualFamilies(
      for: .crossEntropy, in: .float32, options: options, asTensors: false)
    let plan = try FixturePlan(
      function: .crossEntropy, format: .float32, options: options, families: families,
      caseCount: families.count, classCount: 3, seed: 1)
    #expect(try await FixtureRows(json: plan.json(threadCount: 1)).count == families.count)
  }

  @Test func `are of what the options say that the numbers are`() throws {
    var options = LossOptions()
    options.input = .probabilities
    let plan = try FixturePlan(
      function: .binaryCrossEntropy, format: .float32, options: options, families: [.uniform],
      caseCount: 1, classCount: 1, seed: 1)
    #expect(plan.input == .probabilities)
    // What is said beside the options counts.
    let logits = try FixturePlan(
      function: .binaryCrossEntropy, format: .float32, input: .logits, options: options,
      families: [.uniform], caseCount: 1, classCount: 1, seed: 1)
    #expect(logits.input == .logits)
  }

  @Test func `share the cases among the families that have any`() throws {
    let families: [Family] = [.uniform, .infinities, .everyPair, .dominantClass]
    let plan = try FixturePlan(
      function: .softmax, format: .float8E4M3FN, families: families, caseCount: 20, classCount: 2,
      seed: 1)
    // The format has no infinities, and of dominant classes there are two.
    #expect(plan.parts.map(\.family.name) == ["uniform", "every-pair", "dominant-class"])
    #expect(plan.parts.map(\.caseCount) == [7, 7, 2])
    let all = try FixturePlan(
      function: .softplus, format: .float16, families: [.everyLogit], caseCount: 1 << 20,
      classCount: 1, seed: 1)
    // Every finite number of float16.
    #expect(all.caseCount == 2 * 31744)
    #expect(throws: FixturePlanError.empty(.sigmoid, .float64)) {
      try FixturePlan(
        function: .sigmoid, format: .float64, families: [.everyLogit, .everyPair], caseCount: 20,
        classCount: 2, seed: 1)
    }
  }
}
