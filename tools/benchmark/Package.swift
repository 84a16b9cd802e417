// swift-tools-version: 6.3

import PackageDescription

// A package of its own, so that only those who measure need Arb (apt: libflint-arb-dev libflint-dev).
let package = Package(
  name: "benchmark",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "LossOracle", path: "../.."),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.0"),
  ],
  targets: [
    .target(
      name: "CReferences",
      linkerSettings: [
        .linkedLibrary("flint-arb"), .linkedLibrary("flint"), .linkedLibrary("mpfr"),
      ]
    ),
    .executableTarget(
      name: "benchmark",
      dependencies: ["CReferences", .product(name: "LossOracle", package: "LossOracle")]
    ),
    .executableTarget(
      name: "benchmark-forms",
      dependencies: [
        .product(name: "LossOracle", package: "LossOracle"),
        .product(name: "RealModule", package: "swift-numerics"),
      ]
    ),
  ],
  swiftLanguageModes: [.v6]
)
