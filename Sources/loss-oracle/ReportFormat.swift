internal import ArgumentParser
internal import Checking
internal import Foundation
internal import Verification

/// The kinds of reports.
enum ReportFormat: String, CaseIterable, ExpressibleByArgument {
  case json, markdown, junit, html

  static let list = allCases.map(\.rawValue).joined(separator: ", ")

  /// The name of the file.
  var fileName: String {
    switch self {
    case .json: "report.json"
    case .markdown: "report.md"
    case .junit: "junit.xml"
    case .html: "report.html"
    }
  }

  /// A report of this kind.
  ///
  /// - Parameters:
  ///   - data: The report as data, which JSON shows.
  ///   - document: The report as a document, which the others lay out.
  ///   - figures: What the page draws.
  func text(
    _ data: some Encodable, _ document: ReportDocument,
    figures: [Figure] = []
  ) throws -> String {
    switch self {
    case .json: try Self.jsonText(data)
    case .markdown: document.markdown
    case .junit: document.junit
    case .html: document.html(figures: figures)
    }
  }

  /// The same as `json`, as text.
  static func jsonText(_ value: some Encodable) throws -> String {
    String(decoding: try json(value), as: UTF8.self)
  }

  /// A value as JSON that people can read, the same bytes for the same value.
  static func json(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return try encoder.encode(value) + Data("\n".utf8)
    } catch {
      throw StandardStream.failure("cannot encode the report: \(error)", status: ExitStatus.badData)
    }
  }
}
