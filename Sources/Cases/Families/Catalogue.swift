/// The families of random cases.
public enum Families {
  /// All of them.
  public static let random: [Family] = [
    .uniform,
    .normal,
    .hugeMagnitude,
    .ties,
    .overflowEdge,
    .confident,
  ]
}
