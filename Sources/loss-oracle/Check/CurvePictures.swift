internal import Checking
internal import Foundation

/// The drawings of error curves, which tools/draw-curves makes with matplotlib.
enum CurvePictures {
  private struct Drawings: Decodable {
    let light: String
    let dark: String
  }

  /// The drawings for light and dark pages; nil where there is no Python with matplotlib, which a note
  /// on stderr says.
  static func draw(_ curves: ErrorCurves) -> (light: String, dark: String, caption: String)? {
    let caption =
      "Error in ulps of the exact value along one logit: the checked implementation over the "
      + "built-in naive form and the one from logits. A ring marks the worst point of each; the "
      + "dotted line at 0.5 is a correct rounding."
    guard !curves.curves.isEmpty, let tool = PythonTool("draw-curves"),
      let data = try? JSONEncoder().encode(curves),
      let output = tool.run(input: data),
      let drawings = try? JSONDecoder().decode(Drawings.self, from: output)
    else {
      try? StandardStream.error.write(
        "Note: the page has no curves, for drawing them takes Python with matplotlib "
          + "(LOSS_ORACLE_PYTHON names another python3).\n")
      return nil
    }
    return (drawings.light, drawings.dark, caption)
  }
}
