internal import ArgumentParser
internal import Foundation
internal import LossOracle
internal import PropertyEngine

/// Hunts for the greatest errors of the practical and the faithful forms.
@main
struct AttackForms: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attack-forms",
    abstract: "Hunt for the greatest errors of the practical and the faithful forms.",
    discussion: """
      Each form of each function is held to its claim in each format, for hard and for soft targets \
      apart: over all random families, then by a search that climbs from the worst cases. The \
      columns are the greatest error in ulps, where it was found, how many of the cases are beyond \
      the claim, and the case.
      """)

  @Option(help: "The number of cases of each family.")
  var cases = 1000

  @Option(help: "The number of cases that are searched.")
  var searched = 20_000

  @Option(help: "The seed.")
  var seed: UInt64 = 1

  @Option(help: "Only this form: practical or faithful.")
  var form: String?

  @Option(help: "Only this function.")
  var function: String?

  @Option(help: "Only this format.")
  var format: String?

  @Option(help: "Instead, rows of 2^20 classes: so many of each of some families.")
  var large: Int?

  func run() async throws {
    print("form  function  targets  format  ulps  found by  beyond claim  case")
    for implementation in Implementations.all where isWanted(implementation) {
      for format in LossScalars.all.map({ $0.format })
      where self.format == nil || self.format == format.name {
        for targets in Attack.Targets.allCases where targets.suit(implementation.function) {
          let attack = Attack(implementation, targets, format)
          if let large {
            try await attack.printLarge(count: large, seed: seed)
          } else {
            try await attack.printReport(cases: cases, searched: searched, seed: seed)
          }
        }
      }
    }
  }

  private func isWanted(_ implementation: any Implementation) -> Bool {
    ["practical", "faithful"].contains(implementation.name)
      && (form ?? implementation.name) == implementation.name
      && (function ?? implementation.function.rawValue) == implementation.function.rawValue
  }
}
