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

  @Test(arguments: [
    (LossFunction.crossEntropy, Family.softTargets), (.crossEntropyGradient, .normal),
    (.logSumExpGradient, .normal), (.softmaxGradient, .normal),
  ])
  func `may have the classes first, of two axes and of three, and are the same rows`(
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
  func `may have the classes in the middle, and are the same rows`(
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

  /// Of a plan whose cases at some places are called undecided, the others are what they were.
  @Test func `go without some of the cases, which they name`() async throws {
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

  @Test func `leave out what the oracle does not decide, count it and name it`() async throws {
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

  @Test func `are the same bytes on any number of threads`() async throws {
    let folder = try TemporaryFolder()
    let plan = try FixturePlan(
      function: .crossEntropyGradient, format: .float64,
      families: FixturePlan.usualFamilies(
        for: .crossEntropyGradient, in: .float64, asTensors: true),
      // Several pieces of rows, and a last one that is not full.
      caseCount: 1700, classCount: 11, seed: 3)
    let names = [1, 2, 5].map { "\($0).safetensors" }
    for (name, count) in zip(names, [1, 2, 5]) {
      try await plan.writeSafetensors(to: folder.path(name), threadCount: count) { _, _ in }
    }
    let files = try names.map { try Data(contentsOf: folder.url.appending(path: $0)) }
    #expect(files[0] == files[1] && files[0] == files[2])

    let small = try FixturePlan(
      function: .crossEntropy, format: .float16, families: Families.random, caseCount: 100,
      classCount: 5, seed: 3)
    let texts = [try await small.json(threadCount: 1), try await small.json(threadCount: 5)]
    #expect(texts[0] == texts[1])
    try await small.writeJSON(to: folder.path("x.json"), threadCount: 3) { _, _ in }
    #expect(try Data(contentsOf: folder.url.appending(path: "x.json")) == texts[0])
    #expect(try folder.names == names + ["x.json"])
  }

  @Test func `are written row for row where the row's number says`() async throws {
    let folder = try TemporaryFolder()
    // Three pieces, of tensors whose rows have 4, 8 and 2 bytes.
    let plan = try FixturePlan(
      function: .crossEntropy, format: .float16, families: [.uniform], caseCount: 9000,
      classCount: 2, seed: 1)
    try await plan.writeSafetensors(to: folder.path("x.safetensors"), threadCount: 2) { _, _ in }
    let rows = try FixtureRows(contentsOf: folder.url.appending(path: "x.safetensors"))
    let shape = CaseShape(function: .crossEntropy, format: .float16, classCount: 2)
    #expect(rows.count == 9000)
    for index in stride(from: 0, to: rows.count, by: 97) {
      let input = Family.uniform.input(shape, seed: 1, index: index)
      #expect(try rows[index] == input)
      #expect(
        try rows.expected(index)
          == Reference().evaluate(.crossEntropy, input, in: .float16).map(\.value))
    }
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

  @Test func `of rows that no tensor can hold are refused, and leave nothing`() async throws {
    let folder = try TemporaryFolder()
    func write(_ families: [Family], _ format: FloatFormat = .float16) async throws {
      let plan = try FixturePlan(
        function: .crossEntropy, format: format, families: families, caseCount: 4, classCount: 10,
        seed: 1)
      try await plan.writeSafetensors(to: folder.path("x.safetensors"), threadCount: 2) { _, _ in }
    }
    for families in [[.normal, .softTargets], [.normal, .dominantClass]] as [[Family]] {
      let error = await #expect(throws: FixturePlanError.self) { try await write(families) }
      guard case .unlikeOthers(families[1].name, 0, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    let wide = try #require(FloatFormat(named: "e8m10"))
    await #expect(throws: FixturePlanError.noTensorType(wide)) { try await write([.normal], wide) }
    #expect(try folder.names == [])
    try await write([.softTargets])
    #expect(try folder.names == ["x.safetensors"])
  }

  @Test func `are there whole or not at all`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x.safetensors")
    try Data("before".utf8).write(to: URL(filePath: path))
    let plan = try FixturePlan(
      function: .softmax, format: .float64, families: [.normal], caseCount: 1 << 28,
      classCount: 100, seed: 1)
    for write in [plan.writeSafetensors, plan.writeJSON] {
      let (began, signal) = AsyncStream.makeStream(of: Void.self)
      let task = Task {
        defer { signal.finish() }
        _ = try await write(path, 2) { _, _ in signal.yield() }
      }
      for await _ in began { break }
      #expect(try folder.names.count > 1)
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(try folder.names == ["x.safetensors"])
      #expect(try Data(contentsOf: URL(filePath: path)) == Data("before".utf8))
    }
  }

  @Test(arguments: ["/no/such/folder/x.json", "/tmp", "/dev/null", "", "/tmp/.."])
  func `say where they cannot be written`(path: String) async throws {
    let plan = try FixturePlan(
      function: .sigmoid, format: .float16, families: [.normal], caseCount: 1, classCount: 1,
      seed: 1)
    for write in [plan.writeSafetensors, plan.writeJSON] {
      let error = await #expect(throws: FileWriteError.self) {
        _ = try await write(path, 1) { _, _ in }
      }
      guard case .cannotCreate(path, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func `of more bytes than can be counted are refused`() async throws {
    let plan = try FixturePlan(
      function: .softmax, format: .float64, families: [.normal], caseCount: .max, classCount: 100,
      seed: 1)
    await #expect(throws: SafetensorsError.self) {
      try await plan.writeSafetensors(to: "/tmp/x.safetensors", threadCount: 1) { _, _ in }
    }
  }
}
