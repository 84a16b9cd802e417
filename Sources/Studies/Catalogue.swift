/// The studies.
public enum Studies {
  /// All of them.
  public static let all: [any Study] = [
    OutputLayerStudy(), GradientStudy(), TrainingStudy(), PredictionStudy(), ForumStudy(),
    ProbabilityStudy(),
  ]
}
