import FloatFormats
import Foundation
import LossFunctions
import Losses
import RecordedBounds
import Reference
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

  @Test func `are whole, and their witnesses give their errors again`() throws {
    #expect(Self.files.count > 100)
    for file in Self.files {
      let certificate = try SweepCertificate.read(file.path)
      #expect(certificate.isComplete && certificate.done == certificate.domain, "\(file.path)")
      let tally = certificate.tally
      #expect(tally.finiteLogits + tally.specialLogits == certificate.domain, "\(file.path)")
      let function = try #require(LossFunction(rawValue: certificate.function))
      let format = try #require(FloatFormat(named: certificate.format))
      let subject = try #require(SweepSubject(function, label: certificate.target))
      let implementation = try #require(
        Implementations.all.first {
          $0.function == function && $0.name == certificate.implementation
        }, "\(file.path)")
      #expect(implementation.formula == certificate.formula, "\(file.path)")
      // Elementary functions are others elsewhere.
      guard certificate.platform == Platform.current.name, let worst = tally.worst else { continue }
      let logits = try worst.logit.split(separator: " ").map {
        Float(try #require(Double(String($0))))
      }
      let exact = try subject.exact(logits, in: format)[worst.output ?? 0]
      let computed = try #require(implementation.evaluate(subject.input(logits), in: format))
      #expect(computed[worst.output ?? 0].hexadecimal == worst.computed, "\(file.path)")
      #expect(exact.value.hexadecimal == worst.exact, "\(file.path)")
      #expect(exact.error(of: computed[worst.output ?? 0]).ulps == worst.ulps, "\(file.path)")
    }
  }
}
