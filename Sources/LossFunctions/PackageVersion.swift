/// The version of the package, as the command prints it and fixtures record it.
public enum PackageVersion {
  /// The version.
  public static let current = "0.2.0"
}
