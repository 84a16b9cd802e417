internal import LossFunctions
internal import PropertyEngine
internal import Verification

extension ReportDocument {
  /// The document as JUnit XML: a test suite for each implementation, and in it a test case for each
  /// function × format × family.
  public var junit: String {
    var suites: [(name: String, rows: [ReportRow])] = []
    for row in rows {
      if let last = suites.indices.last, suites[last].name == row.implementation {
        suites[last].rows.append(row)
      } else {
        suites.append((row.implementation, [row]))
      }
    }
    let failed = rows.count { $0.failure != nil }
    // That not all was judged, or nothing, is what JUnit calls an error.
    let error = verdict.flatMap { [.incomplete, .inconclusive].contains($0) ? $0.title : nil }
    let errorCount = error == nil ? 0 : 1
    let properties = (facts + diagnoses.map { (name: "diagnosis", value: $0) }).map {
      "    <property name=\"\($0.name.xmlEscaped)\" value=\"\($0.value.xmlEscaped)\"/>"
    }
    var lines = [
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
      "<testsuites name=\"\(title.xmlEscaped)\" tests=\"\(rows.count + errorCount)\" "
        + "failures=\"\(failed)\" errors=\"\(errorCount)\">",
    ]
    if let error {
      lines.append(
        "  <testsuite name=\"verdict\" tests=\"1\" errors=\"1\"><testcase name=\"verdict\">"
          + "<error message=\"\(error)\"/></testcase></testsuite>")
    }
    for suite in suites {
      let failed = suite.rows.count { $0.failure != nil }
      let skipped = suite.rows.count { !$0.hasOutputs && $0.failure == nil }
      lines.append(
        "  <testsuite name=\"\(suite.name.xmlEscaped)\" tests=\"\(suite.rows.count)\" "
          + "failures=\"\(failed)\" skipped=\"\(skipped)\">")
      if !properties.isEmpty { lines += ["    <properties>"] + properties + ["    </properties>"] }
      for row in suite.rows { lines += Self.testCase(row) }
      lines.append("  </testsuite>")
    }
    return (lines + ["</testsuites>"]).joined(separator: "\n") + "\n"
  }

  private static func testCase(_ row: ReportRow) -> [String] {
    let head =
      "    <testcase classname=\"\(row.function.xmlEscaped).\(row.format.xmlEscaped)\" "
      + "name=\"\(row.family.xmlEscaped)\""
    var body: [String] = []
    if let failure = row.failure {
      let count = row.failureCount == 1 ? "1 case" : "\(row.failureCount) cases"
      body.append(
        "      <failure message=\"\("\(failure) (\(count) of \(row.caseCount))".xmlEscaped)\">"
          + "\((row.witness ?? failure).xmlEscaped)</failure>")
    } else if !row.hasOutputs {
      body.append(
        "      <skipped message=\"\((row.specialValues ?? "nothing was compared").xmlEscaped)\"/>")
    }
    if row.hasOutputs {
      body.append(
        "      <system-out>max \(row.maximum) ulp, mean \(row.mean), misrounded "
          + "\(row.misrounded)</system-out>")
    }
    return body.isEmpty ? [head + "/>"] : [head + ">"] + body + ["    </testcase>"]
  }
}
