internal import Cases
internal import Checking
internal import FloatFormats
internal import Interchange
internal import LossFunctions
internal import PropertyEngine
internal import SmallFoundation

/// What a trial is to do, as it is written in JSON. What is left out is as in the command.
struct TrialSpecification: Codable {
  var function: String
  var format: String?
  var outputFormat: String?
  var options: String?
  var reduction: String?
  var outputs: [String]?
  var claim: String?
  var subnormals: String?
  var specialValues: String?
  var families: [String]?
  var cases: Int?
  var search: Int?
  var leastClasses: Int?
  var greatestClasses: Int?
  var seed: UInt64?
  var known: String?
  var subject: String?
  var again: String?
  var replay: String?

  init(parsing text: String) throws {
    do {
      self = try TrialSpecification(strictJSON: Data(text.utf8))
    } catch {
      throw EntryError.argument("the specification: \(error)")
    }
  }

  /// What the claims may be called.
  static let claims = [
    "correctly-rounded", "faithful", "ulp:N", "rounded-from:float32", "rounded-from:float64",
    "common",
  ]

  /// What the code has to do.
  func contract() throws -> CheckContract {
    let function = try CEntryPoints.function(named: function)
    let format = try CEntryPoints.format(named: format ?? "float32")
    let reduction = try named(
      reduction ?? "none", "reduction", Reduction.init(rawValue:),
      among: Reduction.allCases.map(\.rawValue))
    guard reduction == .none || function.isOfLosses else {
      throw EntryError.argument("reduction: \(function) is no loss, and no gradient of one")
    }
    guard outputs == nil || outputs == ["loss", "gradient"] && function.isOfLosses else {
      throw EntryError.argument(
        "outputs: it is [\"loss\", \"gradient\"], of a loss or its gradient")
    }
    do {
      var contract = try CheckContract(
        function, in: format, outputFormat: outputFormat.map(CEntryPoints.format(named:)),
        parsing: options ?? "{}", claim: grade(),
        subnormals: subnormals.map {
          try named(
            $0, "treatment of subnormals", CheckContract.Subnormals.init(rawValue:),
            among: CheckContract.Subnormals.allCases.map(\.rawValue))
        },
        specialValues: named(
          specialValues ?? "apart", "kind of special values",
          CheckContract.SpecialValues.init(rawValue:),
          among: CheckContract.SpecialValues.allCases.map(\.rawValue)))
      contract.reduction = reduction
      contract.isJoint = outputs != nil
      if contract.hasStrayDenominator { throw InputError.denominatorWithoutMean }
      if let problem = contract.gradOutputProblem {
        throw EntryError.argument("options: \(problem)")
      }
      if reduction != .none, case .roundedFrom = contract.claim {
        throw EntryError.argument(
          "claim: a reduction is correctly-rounded, faithful, ulp:N or common")
      }
      return contract
    } catch let error as EntryError {
      throw error
    } catch {
      throw EntryError.argument("options: \(error)")
    }
  }

  private func grade() throws -> Grade {
    try named(claim ?? "common", "claim", { try? Grade(claim: $0) }, among: Self.claims)
  }

  /// The cases.
  func plan(_ contract: CheckContract) throws -> TrialPlan {
    let all =
      contract.reduction == .none
      ? Families.checked(contract.options)
      : Families.random + Families.sums + (contract.options.softcap == nil ? [] : Families.capped)
    let families = try families?.map {
      try named($0, "family", Families.named, among: Families.all.map(\.name))
    }
    let (least, greatest) = (leastClasses ?? 1, greatestClasses ?? max(leastClasses ?? 1, 10))
    guard (1...1_048_576).contains(least), (least...1_048_576).contains(greatest) else {
      throw EntryError.argument("classes go from 1 to 1048576, the least before the greatest")
    }
    for (name, count) in [("cases", cases), ("search", search)] {
      guard (0...1_000_000_000).contains(count ?? 0) else {
        throw EntryError.argument("\(name) must lie between 0 and 1000000000")
      }
    }
    var plan = TrialPlan(
      families: families ?? all, caseCount: cases ?? 1000, searchCount: search,
      classCounts: least...greatest, seed: seed ?? 1)
    do {
      if self.families == nil, contract.options == LossOptions(), contract.reduction == .none {
        plan.known = try WitnessDatabase.shipped.inputs(of: contract.function, in: contract.format)
      }
      guard let known else { return plan }
      var inputs: [LossInput] = []
      let file = try WitnessFile(decoding: Data(known.utf8), path: "the known cases")
      for witness in file.witnesses where witness.isAbout(contract, inAnyLayout: true) {
        if let batch = try witness.batchRows() {
          plan.knownBatches.append(batch)
        } else {
          inputs.append(try witness.input())
        }
      }
      plan.known = inputs + plan.known
    } catch {
      throw EntryError.argument("\(error)")
    }
    return plan
  }
}
