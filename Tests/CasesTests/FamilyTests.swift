import Cases
import FloatFormats
import LossFunctions
import TestSupport
import Testing

@Suite struct `A family` {
  /// The formats of the catalogue, and ones of few values, few exponents, and many bits.
  private static let formats: [FloatFormat] =
    FloatFormat.catalogue
    + ["e2m1", "e2m2", "e3m2", "e3m4", "e4m3", "e8m1", "e15m112", "e19m64"].compactMap {
      FloatFormat(named: $0)
    }

  /// All but those of 256,000 classes, of which there are tests of their own.
  private static let families =
    Families.random + Families.masked + Families.capped + Families.special + Families.exhaustive

  @Test(arguments: (Families.random + Families.masked + Families.capped).map(\.name))
  func `makes the same case of the choices that it recorded, zeros among them`(
    name: String
  ) throws {
    let family = try #require(Families.named(name))
    var zeroCount = 0
    for function in [LossFunction.crossEntropy, .binaryCrossEntropy] {
      let shape = CaseShape(function: function, format: .float32, classCounts: 1...6)
      for index in 0..<TestSeed.count(20) {
        let made = family.recordedInput(shape, seed: TestSeed.current, index: index)
        #expect(made.input == family.input(shape, seed: TestSeed.current, index: index))
        let values = made.choices.map(\.value)
        let again = family.input(shape, replaying: values, index: index)
        #expect(again.input == made.input && again.choices == made.choices)
        zeroCount += values.count { $0 == 0 }
      }
    }
    #expect(zeroCount > 0)
  }

  @Test(arguments: families.map(\.name))
  func `makes valid cases of the format's own numbers, in every format and function`(
    name: String
  ) throws {
    let family = try #require(Families.named(name))
    for format in Self.formats {
      for function in LossFunction.allCases {
        for (classCount, count) in [(1, 1), (4, 3)] {
          let shape = CaseShape(function: function, format: format, classCount: classCount)
          for index in 0..<TestSeed.count(count) {
            let input = family.input(shape, seed: TestSeed.current, index: index)
            try require(input, isCaseOf: family, shape)
          }
        }
      }
    }
  }

  @Test(arguments: families.map(\.name))
  func `makes valid cases of any choices, small and great ones alike`(name: String) throws {
    let family = try #require(Families.named(name))
    for format in Self.formats {
      let shape = CaseShape(function: .crossEntropy, format: format, classCounts: 1...4)
      for index in 0..<TestSeed.count(20) {
        // Of three bits each, mostly, and of all 64.
        var random = TestSeed.choices("\(name) \(format) \(index)")
        let choices = (0..<40).map { _ in
          random.oneIn(4) ? random.bits() : random.choice(below: 8)
        }
        let replayed = family.input(shape, replaying: choices, index: index)
        try require(replayed.input, isCaseOf: family, shape)
      }
    }
  }

  private func require(_ input: LossInput, isCaseOf family: Family, _ shape: CaseShape) throws {
    try shape.function.validate(input, LossOptions())
    let isOfFormat = input.logits.allSatisfy {
      ($0.isFinite || family.hasSpecialValues) && shape.format.contains($0)
    }
    try #require(isOfFormat, "\(family.name) in \(shape.format): \(input)")
    if family.name != "every-pair" {
      try #require(input.logits.count <= shape.logitCount)
      if shape.classCounts.count == 1 { try #require(input.logits.count == shape.logitCount) }
    }
    if case .probabilities(let values) = input.target {
      try #require(values.allSatisfy { shape.format.contains($0) })
    }
  }

  @Test(arguments: (Families.random + Families.masked + Families.special).map(\.name))
  func `makes the same case for the same seed, and another for another`(name: String) throws {
    let family = try #require(Families.named(name))
    let shape = CaseShape(function: .crossEntropy, format: .float32, classCount: 4)
    let late = family.input(shape, seed: 5, index: 40)
    let cases = (0..<50).map { family.input(shape, seed: 5, index: $0) }
    #expect(cases[40] == late)
    #expect(cases != (0..<50).map { family.input(shape, seed: 6, index: $0) })
  }

  @Test(arguments: (families + [.dominantClass]).map(\.name))
  func `draws ranges of cases into columns as it makes them one by one`(name: String) throws {
    let family = try #require(Families.named(name))
    let count = family.greatestClassCount == nil ? TestSeed.count(8) : 2
    for format in FloatFormat.catalogue + ["e15m112"].compactMap(FloatFormat.init(named:)) {
      for function in [LossFunction.crossEntropy, .binaryCrossEntropy, .softmax] {
        for classCounts in [3...3, 1...5] {
          let shape = CaseShape(function: function, format: format, classCounts: classCounts)
          var seen: [Int] = []
          for batch in family.rows(shape, seed: 5, indices: 7..<7 + count) {
            for (row, place) in batch.places.enumerated() {
              #expect(batch.rows[row] == family.input(shape, seed: 5, index: place))
            }
            #expect(batch.places == batch.places.sorted())
            seen += batch.places
          }
          #expect(seen.sorted() == Array(7..<7 + count))
        }
      }
    }
  }

  private func requireSameTogether(
    _ family: Family, _ function: LossFunction = .crossEntropy, _ format: FloatFormat = .float32,
    from start: Int = 3
  ) throws {
    let shape = CaseShape(function: function, format: format, classCount: 10)
    // One more than are drawn together.
    let indices = start..<start + 9
    let batches = family.rows(shape, seed: 5, indices: indices)
    try #require(batches.map(\.places) == [Array(indices)])
    for (row, index) in indices.enumerated() {
      #expect(batches[0].rows[row] == family.input(shape, seed: 5, index: index))
    }
  }

  @Test(arguments: ["normal", "uniform", "confident", "confident-wrong"])
  func `draws the numbers of several cases at a time as it does one by one`(name: String) throws {
    let family = try #require(Families.named(name))
    try requireSameTogether(family)
    try requireSameTogether(family, .crossEntropy, .float64)
    try requireSameTogether(family, .logSumExp)
    try requireSameTogether(family.ignoring(-100))
  }

  /// Those of the first rows from each index on have one that is made again.
  @Test(arguments: [507_040, 600_020, 703_120])
  func `makes choices again that would favour some numbers`(start: Int) throws {
    try requireSameTogether(.normal, from: start)
  }

  @Test func `of one's own makes rows, too, and may have labels that are ignored`() {
    let family = Family(name: "own", purpose: "own") { choices, shape in
      LossInput(
        logits: (0..<shape.logitCount).map { _ in choices.isNegative() ? .one : .zero },
        target: .index(1))
    }
    let shape = CaseShape(function: .crossEntropy, format: .float16, classCounts: 2...3)
    let batches = family.ignoring(-100).rows(shape, seed: 1, indices: 0..<200)
    #expect(batches.count == 2 && batches.allSatisfy { Set($0.rows.labels) == [1, -100] })
    #expect(batches.allSatisfy { Set($0.rows.logits.doubles) == [0, 1] })
  }

  @Test func `has a name of its own`() {
    #expect(Set(Families.all.map(\.name)).count == Families.all.count)
  }

  @Test(arguments: (Families.random + Families.masked).map(\.name))
  func `chooses the number of classes of a range, all of them`(name: String) throws {
    let family = try #require(Families.named(name))
    let shape = CaseShape(function: .crossEntropy, format: .float32, classCounts: 2...5)
    let counts = (0..<200).map { family.input(shape, seed: 3, index: $0).logits.count }
    #expect(Set(counts) == [2, 3, 4, 5])
  }

  /// What a witness shrinks to in the end, where the claim does not mind.
  @Test(
    arguments: (Families.random + Families.masked + [.dominantClass] + Families.special).map(\.name)
  )
  func `makes the simplest case of no choices: one class, the first label, a short number`(
    name: String
  ) throws {
    let family = try #require(Families.named(name))
    for function in LossFunction.allCases {
      for format in [FloatFormat.float16, .float64] {
        let shape = CaseShape(function: function, format: format, classCounts: 1...9)
        let (input, choices) = family.input(shape, replaying: [], index: 0)
        #expect(choices.allSatisfy { $0.value == 0 })
        #expect(input.logits.count == 1)
        // The edges are long numbers, and what these families are about.
        let isShort = input.logits[0].significand < 1000
        #expect(isShort || name.hasSuffix("-edge") || name == "subnormal-results", "\(input)")
        switch input.target {
        case .none: #expect(!function.hasTarget)
        case .index(let label): #expect(label == 0)
        case .probabilities(let values): #expect(values == [function.isBinary ? .zero : .one])
        case .logits(let values):
          #expect(function.targetKinds.contains(.logits) && values.count == 1)
        }
      }
    }
  }
}
