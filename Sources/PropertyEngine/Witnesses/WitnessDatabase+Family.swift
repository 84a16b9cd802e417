public import Cases
internal import FloatFormats
internal import LossFunctions

extension WitnessDatabase {
  /// The witnesses as a family, so that whoever runs through families replays them, too.
  ///
  /// - Throws: Where a file is not one of witnesses.
  public func family() throws(WitnessError) -> Family {
    var inputs: [LossFunction: [LossInput]] = [:]
    for function in LossFunction.allCases {
      var seen: Set<LossInput> = []
      for witness in try witnesses(of: function) {
        let input = try witness.input()
        // Infinite and NaN logits are judged apart, as in the families.
        guard input.isFinite, seen.insert(input).inserted else { continue }
        inputs[function, default: []].append(input)
      }
    }
    let found = inputs
    return Family(
      name: "witnesses", purpose: "cases at which an implementation has failed before",
      countingCases: { found[$0.function]?.count ?? 0 },
      make: { shape, index in
        let inputs = found[shape.function] ?? []
        return inputs[index % inputs.count].rounded(to: shape.format)
      })
  }
}
