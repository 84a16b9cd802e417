import Cases
import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@testable import Interchange

@Suite struct `Fixtures whose classes are on another axis` {
  @Test(arguments: [
    (LossFunction.crossEntropy, Family.softTargets), (.crossEntropyGradient, .normal),
    (.logSumExpGradient, .normal), (.softmaxGradient, .normal),
  ])
  func `are the same rows where they come first, of two axes and of three`(
    _ function: LossFunction, _ family: Family
  ) async throws {
    let folder = try TemporaryFolder()
    let plan = try FixturePlan(
      function: function, format: .float32, families: [family], caseCount: 42, classCount: 4,
      seed: 7)
    #expect(throws: FixturePlanError.unfilled(caseCount: 42, inner: 5)) {
      try plan.withClassesFirst(inner: 5)
    }
    try await plan.writeSafetensors(to: folder.path("last.safetensors"), threadCount: 2) { _, _ in }
    let last = try FixtureRows(contentsOf: URL(filePath: folder.path("last.safetensors")))
    for (inner, rowShape) in [(nil, [42]), (6, [7, 6])] as [(Int?, [Int])] {
      let path = folder.path("first.safetensors")
      try await plan.withClassesFirst(inner: inner)
        .writeSafetensors(to: path, threadCount: 2) { _, _ in }
      let rows = try FixtureRows(contentsOf: URL(filePath: path))
      #expect(rows.count == 42 && rows.classCount == 4 && rows.classAxis == 0)
      for index in 0..<42 {
        #expect(try rows[index] == last[index] && rows.expected(index) == last.expected(index))
      }
      #expect(try rows.inputs(5..<19) == last.inputs(5..<19))
      let tensor = try SafetensorsFile(Data(contentsOf: URL(filePath: path))).tensor("logits")
      #expect(tensor.shape == [4] + rowShape)
      #expect(try tensor.values(in: 42..<45) == (0..<3).map { try last[$0].logits[1] })
      // Outputs stand as the logits do, or as these do without the classes.
      let right = function.hasOutputPerClass ? [4] + rowShape : rowShape
      let wrong = function.hasOutputPerClass ? rowShape + [4] : [2, 21]
      for (shape, isRight) in [(right, true), (wrong, false)] {
        var writer = SafetensorsWriter()
        let count = shape.reduce(1, *)
        try writer.add(
          "outputs", (0..<count).map { FloatValue(Double($0)) }, shape: shape, as: .float64)
        let outputs = try OutputsFile(safetensors: writer.data)
        guard isRight else {
          #expect(throws: FixtureError.self) { try outputs.requireShape(of: rows) }
          continue
        }
        try outputs.requireShape(of: rows)
        #expect(
          try outputs.column(13..<15, of: rows).doubles
            == (function.hasOutputPerClass
              ? [13, 55, 97, 139, 14, 56, 98, 140] : [13, 14]))
      }
    }
  }

  @Test(arguments: [
    (LossFunction.crossEntropy, Family.softTargets), (.crossEntropyGradient, .normal),
    (.softmaxGradient, .gradOutputs), (.logSumExpGradient, .normal), (.crossEntropy, .normal),
  ])
  func `are the same rows where they are in the middle`(
    _ function: LossFunction, _ family: Family
  ) async throws {
    let folder = try TemporaryFolder()
    let families = [family, .uniform].filter { function != .crossEntropy || $0.name == family.name }
    let plan = try FixturePlan(
      function: function, format: .float32, families: families, caseCount: 42, classCount: 4,
      seed: 7)
    let strided = try plan.laidOut(inner: 6)
    #expect(throws: FixturePlanError.unfilled(caseCount: 42, inner: 5)) {
      try plan.laidOut(inner: 5)
    }
    #expect(try plan.laidOut(inner: nil).layout == RowLayout(inner: 7))
    try await plan.writeSafetensors(to: folder.path("last.safetensors"), threadCount: 2) { _, _ in }
    let path = folder.path("1.safetensors")
    try await strided.writeSafetensors(to: path, threadCount: 2) { _, _ in }
    let last = try FixtureRows(contentsOf: URL(filePath: folder.path("last.safetensors")))
    let rows = try FixtureRows(contentsOf: URL(filePath: path))
    #expect(rows.layout == RowLayout(inner: 6) && rows.count == 42 && rows.classCount == 4)
    #expect(rows.families == last.families)
    for index in 0..<42 {
      #expect(try rows[index] == last[index] && rows.expected(index) == last.expected(index))
    }
    // Numbers of the second class stand behind those of the first of as many rows.
    let tensor = try SafetensorsFile(Data(contentsOf: URL(filePath: path))).tensor("logits")
    #expect(tensor.shape == [7, 4, 6])
    #expect(try tensor.values(in: 24 + 6..<24 + 12) == (6..<12).map { try last[$0].logits[1] })

    // Outputs stand as the logits do, or as these do without the classes.
    let shape = function.hasOutputPerClass ? [7, 4, 6] : [7, 6]
    for (shape, isRight) in [(shape, true), ([42, shape.reduce(1, *) / 42], false)] {
      var writer = SafetensorsWriter()
      let count = shape.reduce(1, *)
      try writer.add(
        "outputs", (0..<count).map { FloatValue(Double($0)) }, shape: shape, as: .float64)
      let outputs = try OutputsFile(safetensors: writer.data)
      guard isRight else {
        #expect(throws: FixtureError.self) { try outputs.requireShape(of: rows) }
        continue
      }
      try outputs.requireShape(of: rows)
      #expect(
        try outputs.column(13..<15, of: rows).doubles
          == (function.hasOutputPerClass ? [49, 55, 61, 67, 50, 56, 62, 68] : [13, 14]))
    }
  }
}
