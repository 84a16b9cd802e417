internal import LossFunctions

extension Family {
  /// The family with the label of one row in four replaced by one that is to be ignored.
  public func ignoring(_ label: Int) -> Family {
    Family(
      name: name, purpose: purpose, hasSpecialValues: hasSpecialValues, suits: suits,
      count: caseCount
    ) { choices, shape, index in
      var input = make(&choices, shape, index)
      if case .index = input.target, choices.oneIn(4) { input.target = .index(label) }
      return input
    }
  }
}
