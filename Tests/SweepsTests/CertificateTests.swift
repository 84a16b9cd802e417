import FloatFormats
import Foundation
import Interchange
import LossFunctions
import Losses
import RecordedBounds
import Reference
import Sweeps
import TestSupport
import Testing
import Verification

@Suite struct `The certificates of the package` {
  private static let files: [URL] = {
    let folder = TestPaths.package.appending(path: "Fixtures/certificates")
    let formats =
      (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil))
      ?? []
    return formats.flatMap {
      (try? FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)) ?? []
    }
    .filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
  }()

  private static let ofThisPlatform = files.filter {
    (try? SweepCertificate.read($0.path))?.platform == Platform.current.name
  }

  /// On any platform.
  @Test func `are whole, and what was computed is as far from the exact value as they say`() throws
  {
    #expect(Self.files.count > 100)
    for file in Self.files {
      let certificate = try SweepCertificate.read(file.path)
      #expect(certificate.isComplete && certificate.done == certificate.domain, "\(file.path)")
      let tally = certificate.tally
      #expect(tally.finiteLogits + tally.specialLogits == certificate.domain, "\(file.path)")
      let function = try #require(LossFunction(rawValue: certificate.function))
      let format = try #require(FloatFormat(named: certificate.format))
      let subject = try Self.subject(of: certificate, function)
      let implementation = try #require(
        Implementations.all.first {
          $0.function == function && $0.name == certificate.implementation
        }, "\(file.path)")
      #expect(implementation.formula == certificate.formula, "\(file.path)")
      guard let worst = tally.worst else { continue }
      let (exact, computed) = try Self.values(of: worst, subject, format)
      #expect(exact.value.hexadecimal == worst.exact, "\(file.path)")
      #expect(exact.error(of: computed).ulps == worst.ulps, "\(file.path)")
    }
  }

  /// Elementary functions are others elsewhere.
  @Test(
    .enabled(if: !ofThisPlatform.isEmpty, "no certificate is of \(Platform.current.name)"))
  func `have witnesses that give their values again, to the bit, on the recorded platform`() throws
  {
    for file in Self.ofThisPlatform {
      let certificate = try SweepCertificate.read(file.path)
      guard let worst = certificate.tally.worst else { continue }
      let function = try #require(LossFunction(rawValue: certificate.function))
      let format = try #require(FloatFormat(named: certificate.format))
      let subject = try Self.subject(of: certificate, function)
      let implementation = try #require(
        Implementations.all.first {
          $0.function == function && $0.name == certificate.implementation
        }, "\(file.path)")
      let input = subject.input(try Self.numbers(of: worst))
      let computed = try #require(implementation.evaluate(input, in: format))
      #expect(computed[worst.output ?? 0].hexadecimal == worst.computed, "\(file.path)")
    }
  }

  private static func subject(
    of certificate: SweepCertificate, _ function: LossFunction
  ) throws -> SweepSubject {
    let input = try certificate.input.map { try #require(InputKind(rawValue: $0)) }
    return try #require(
      SweepSubject(
        function, label: certificate.target, input: input ?? .logits,
        partner: certificate.pairedWith))
  }

  private static func numbers(of worst: SweepWitness) throws -> [Float] {
    try worst.logit.split(separator: " ").map { Float(try #require(Double(String($0)))) }
  }

  private static func values(
    of worst: SweepWitness, _ subject: SweepSubject, _ format: FloatFormat
  ) throws -> (exact: CertifiedValue, computed: FloatValue) {
    (
      try subject.exact(try numbers(of: worst), in: format)[worst.output ?? 0],
      try format.value(exactLiteral: worst.computed)
    )
  }
}
