// The names are those of C.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CLossOracle
internal import Cases
internal import FloatFormats
internal import Interchange
internal import LossFunctions
internal import Multiprecision
internal import SmallFoundation

/// What there is, as JSON.
private struct Catalogue: Encodable {
  struct Function: Encodable {
    let name: String
    let binary: Bool
    let target: Bool
    let outputPerClass: Bool
    let gradient: Bool
    /// "none", or "row" or "classes" for what `grad_output` has a number of.
    let gradOutput: String
    let options: [String]
  }

  struct Format: Encodable {
    let name: String
    let bytes: Int
  }

  let version = PackageVersion.current
  let functions = LossFunction.allCases.map {
    Function(
      name: $0.rawValue, binary: $0.isBinary, target: $0.hasTarget,
      outputPerClass: $0.hasOutputPerClass, gradient: $0.isGradient,
      gradOutput: $0.gradOutputKind.rawValue,
      options: $0.options.map(\.rawValue).sorted())
  }
  let formats = FloatFormat.catalogue.map { Format(name: $0.name, bytes: $0.byteCount) }
  let families = Families.all.map(\.name)
  let roundings = RoundingDirection.allCases.map(\.rawValue)
  let reductions = Reduction.allCases.map(\.rawValue)
  let claims = TrialSpecification.claims
}

@c @implementation
public func lo_catalogue(_ text: UnsafeMutablePointer<lo_handle>?) -> lo_status {
  atBoundary {
    let text = try required(text, "text")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    text.pointee = Handles.keep(KeptText(Array(try encoder.encode(Catalogue()))))
  }
}

/// The version, in memory that stays.
private nonisolated(unsafe) let version: UnsafeMutablePointer<CChar>? = strdup(
  PackageVersion.current)

@c @implementation
public func lo_package_version() -> UnsafePointer<CChar>? { UnsafePointer(version) }
