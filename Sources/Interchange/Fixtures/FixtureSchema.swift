/// The names of the layouts of fixtures; a layout that changes gets another number.
public enum FixtureSchema {
  /// JSON, as in `Fixtures/schema`.
  public static let json = "loss-fixtures-1.schema.json"
  /// Tensors of a safetensors file.
  public static let tensors = "loss-fixtures-1"
}
