// LossOracle
