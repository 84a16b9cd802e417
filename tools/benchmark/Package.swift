// swift-tools-version: 6.3

import PackageDescription

// A package of its own, so that only those who measure need Arb (apt: libflint-arb-dev).
let package = Package(
  name: "benchmark",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "LossOracle", path: "../..")],
  targets: [
    .target(
      name: "CArb",
      linkerSettings: [.linkedLibrary("flint-arb"), .linkedLibrary("flint")]
    ),
    .executableTarget(
      name: "benchmark",
      dependencies: ["CArb", .product(name: "LossOracle", package: "LossOracle")]
    ),
  ],
  swiftLanguageModes: [.v6]
)
