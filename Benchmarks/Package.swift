// swift-tools-version: 6.1
import PackageDescription

// What the product is measured against and with. A package of its own, so that the product does not carry it.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "floor", targets: ["floor"]),
        .library(name: "certificate", type: .dynamic, targets: ["certificate"]),
        .library(name: "syncs", type: .dynamic, targets: ["syncs"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // The least that a server on the same libraries does for the same request.
        .executableTarget(
            name: "floor",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"), .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ]),
        // A client certificate for the load generator.
        .target(name: "certificate"),
        // Counts a process's syncs, and can leave them out.
        .target(name: "syncs"),
    ]
)
