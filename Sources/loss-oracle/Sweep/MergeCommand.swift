internal import ArgumentParser
internal import Sweeps

/// `loss-oracle merge`: adds shards of a sweep up.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Add shards of a sweep up to one certificate.",
    discussion: """
      The files may come in any order and be merged in any grouping, so long as they join: gaps and \
      overlaps are refused. The certificate of all shards has the bytes of that of an undivided sweep.
      """)

  @Argument(help: "The certificates of the shards.")
  var files: [String]

  @Option(help: "The certificate to write.", transform: OutputFolder.path)
  var output: String

  func run() throws {
    do {
      var shards: [(path: String, certificate: SweepCertificate)] = []
      for path in files { shards.append((path, try SweepCertificate.read(path))) }
      guard let merged = try SweepCertificate.merged(shards) else { return }
      try merged.write(to: output)
      try StandardStream.output.write(merged.summary)
    } catch let error as SweepFileError {
      throw error.failure
    }
  }
}
