import Cases
import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@testable import Interchange

@Suite struct `Fixtures that leave cases out` {
  /// Of a plan whose cases at some places are called undecided, the others are what they were.
  @Test func `keep the others, and name those`() async throws {
    let plan = try FixturePlan(
      function: .crossEntropy, format: .float32, families: [.normal, .uniform], caseCount: 12,
      classCount: 3, seed: 7)
    func cases(_ plan: FixturePlan) -> [String] {
      plan.parts(of: 0..<plan.caseCount).flatMap { family, indices in
        indices.map { "\(family.name)-\($0)" }
      }
    }
    let all = cases(plan)
    for places in [[0], [11], [5, 6], [0, 1, 2, 3, 4, 5], [1, 3, 4, 8]] {
      let rest = try #require(plan.leavingOut(places))
      let kept = all.indices.filter { !places.contains($0) }.map { all[$0] }
      #expect(cases(rest) == kept && rest.caseCount == kept.count)
      #expect(rest.undecidedCases == places.map { all[$0] })
      // Again, of what is left.
      let last = try #require(rest.leavingOut([0, 2]))
      #expect(cases(last) == kept.indices.filter { ![0, 2].contains($0) }.map { kept[$0] })
      #expect(last.undecidedCases.count == places.count + 2)
      // Any range, too.
      for start in kept.indices {
        for end in start...kept.count {
          let some = rest.parts(of: start..<end).flatMap { family, indices in
            indices.map { "\(family.name)-\($0)" }
          }
          #expect(some == Array(kept[start..<end]))
        }
      }
    }
    #expect(plan.leavingOut(Array(0..<12)) == nil)
    // Where rows stand side by side, blocks stay whole.
    let strided = try #require(plan.laidOut(inner: 4).leavingOut([3]))
    #expect(strided.caseCount == 8 && strided.rowShape == [2, 4])
    let first = try #require(plan.withClassesFirst(inner: 4).leavingOut([3]))
    #expect(first.caseCount == 8 && first.tensorShape(each: 3) == [3, 2, 4])
    #expect(first.layout == RowLayout(inner: 8))
    let two = try #require(plan.withClassesFirst(inner: nil).leavingOut([3]))
    #expect(two.caseCount == 11 && two.tensorShape(each: 3) == [3, 11])
  }

  /// Every third case has a tail that is 0 but for terms beyond any precision, on a midpoint of float32.
  private static let undecided = Family(
    name: "open", purpose: "values that are not decided", suits: { _ in true }, count: 9
  ) { _, index in
    let target = index % 3 == 1 ? 0.5 - 0x1p-13 : 0.25
    return LossInput(
      logits: [FloatValue(4096.0 + (index % 3 == 1 ? 0 : Double(index)))],
      target: .probabilities([FloatValue(target)]))
  }

  @Test func `count and name what the oracle does not decide`() async throws {
    let folder = try TemporaryFolder()
    var options = LossOptions()
    options.focalGamma = .one
    let plan = try FixturePlan(
      function: .binaryCrossEntropy, format: .float32, options: options,
      families: [Self.undecided], caseCount: 9, classCount: 1, seed: 1)
    let names = ["open-1", "open-4", "open-7"]
    let path = folder.path("x.safetensors")
    let written = try await plan.writeSafetensors(to: path, threadCount: 2) { _, _ in }
    #expect(written.undecidedCases == names && written.caseCount == 6)
    let file = try SafetensorsFile(Data(contentsOf: URL(filePath: path)))
    #expect(file.metadata["undecided"] == "3")
    #expect(file.metadata["undecided_cases"] == names.joined(separator: ","))
    #expect(file.metadata["family_rows"] == "6")
    let text = try await plan.json(threadCount: 2)
    #expect(
      String(decoding: text, as: UTF8.self)
        .contains(#""undecided": ["open-1", "open-4", "open-7"]"#))
    let json = try FixtureRows(json: text)
    let tensors = try FixtureRows(contentsOf: URL(filePath: path))
    #expect(json.count == 6 && tensors.count == 6 && json.families == tensors.families)
    for (place, index) in [0, 2, 3, 5, 6, 8].enumerated() {
      let input = Self.undecided.input(plan.shape, seed: 1, index: index)
      let exact = try Reference().evaluate(
        .binaryCrossEntropy, input, options: options, in: .float32)
      #expect(try tensors[place] == input && json[place] == input)
      #expect(try tensors.expected(place) == exact.map(\.value))
      #expect(try json.expected(place) == exact.map(\.value))
    }
    try await plan.writeJSON(to: folder.path("x.json"), threadCount: 1) { _, _ in }
    #expect(try Data(contentsOf: folder.url.appending(path: "x.json")) == text)

    // Where nothing is left, nothing is written.
    let open = Family(
      name: "open", purpose: "nothing else", suits: { _ in true }, count: 2
    ) { shape, _ in Self.undecided.input(shape, seed: 1, index: 1) }
    let none = try FixturePlan(
      function: .binaryCrossEntropy, format: .float32, options: options, families: [open],
      caseCount: 2, classCount: 1, seed: 1)
    await #expect(throws: ReferenceError.self) {
      try await none.writeSafetensors(to: folder.path("y.safetensors"), threadCount: 1) { _, _ in }
    }
    await #expect(throws: ReferenceError.self) { try await none.json(threadCount: 1) }
    #expect(try folder.names == ["x.json", "x.safetensors"])
  }
}
