// swift-tools-version: 6.1
import PackageDescription

// Rooms are listed floor by floor; a room depends only on rooms of lower floors (docs/decisions/0001-rooms.md).

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let structuredFields = Target.Dependency.product(name: "RawStructuredFieldValues", package: "swift-http-structured-headers")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "wekeza-open-platform",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "wekeza", targets: ["wekeza"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // System libraries
        .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CQRencode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        // 0
        room("JSON", []),
        room("XML", []),
        room("Primitives", [crypto]),

        // 1: one technical job each
        room("Web", ["JSON", "Primitives", hummingbird, httpTypes, structuredFields, nio, .product(name: "NIOHTTP1", package: "swift-nio"), logging]),
        room("Connections", [
            "Primitives", "Web", hummingbird, .product(name: "HummingbirdCore", package: "hummingbird"), httpTypes, nio,
            .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"), logging,
        ]),
        room("Backends", [
            nio, .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ]),
        room("Certificates", ["Primitives", x509, asn1, crypto]),
        room("JOSE", ["JSON", "Primitives", crypto, cryptoExtras]),
        room("Storage", ["Primitives", logging, nio, .product(name: "NIOPosix", package: "swift-nio")]),
        room(
            "StorageSQLite",
            ["Primitives", "Storage", "CSQLite", .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"), logging, nio]),
        room("StoragePostgres", ["Primitives", "Storage", "CPostgres", logging, nio, .product(name: "NIOPosix", package: "swift-nio")]),
        room("Contract", ["JSON", "Primitives", yams]),
        room("Pages", ["Primitives", "Web", "CQRencode", hummingbird, httpTypes, crypto]),
        room("Passwords", ["Primitives", "CArgon2"]),
        room("RemoteDocuments", ["Primitives", "CCurl"]),
        room("Mail", ["Primitives", "CCurl", logging]),
        room("Telemetry", ["JSON", "Primitives", logging, metrics]),

        // 2: pure rules, and the record of what happened
        room("OAuth", ["JSON", "Primitives", "JOSE"]),
        room("OpenBanking", ["JSON", "XML", "Primitives"]),
        room("Risk", ["Primitives"]),
        room("Events", ["JSON", "Primitives", "Storage"]),

        // 3a
        room("Applications", ["JSON", "Primitives", "JOSE", "Storage", "Certificates", "OAuth", "Events", collections, logging]),
        room("Identity", ["Primitives", "Storage", "Passwords", "OAuth", "Events", crypto, logging]),
        room("Bank", ["Primitives", "Storage", "Events"]),

        // 3b
        room("Consents", ["JSON", "Primitives", "Storage", "OpenBanking", "Events"]),
        room("AccessTokens", ["JSON", "Primitives", "Storage", "JOSE", "OAuth", "Events", "Applications", "Identity", crypto, collections, logging]),
        room("Metering", ["Primitives", "Storage", "Applications", logging]),

        // 3c
        room("AuthorizationServer", [
            "JSON", "Primitives", "Web", "JOSE", "RemoteDocuments", "Certificates", "Storage", "OAuth", "OpenBanking", "Events", "Applications", "Identity", "Bank",
            "Consents", "AccessTokens", hummingbird, httpTypes, crypto, logging,
        ]),
        room("Gateway", [
            "JSON", "Primitives", "Web", "Backends", "Storage", "Certificates", "Contract", "OAuth", "OpenBanking", "Events", "Applications", "Identity",
            "Consents", "AccessTokens", "Metering", hummingbird, httpTypes, nio, .product(name: "NIOHTTP1", package: "swift-nio"), logging, metrics,
        ]),

        room("Payments", ["JSON", "Primitives", "Storage", "OpenBanking", "Risk", "Events", "Bank", "Consents", logging, metrics]),

        // 3d
        room("BankAPI", [
            "JSON", "Primitives", "Web", "Storage", "Contract", "OAuth", "OpenBanking", "Events", "Applications", "Bank", "Consents", "AccessTokens",
            "Metering", "Gateway", "Payments", "Risk", hummingbird, httpTypes,
        ]),
        room("Sandbox", [
            "JSON", "Primitives", "Web", "Storage", "OpenBanking", "Events", "Applications", "Identity", "Bank", "Consents", "AuthorizationServer", "Gateway", "Payments",
            hummingbird, httpTypes,
        ]),

        // 4a: pages that customers, developers and staff share
        room("SecondFactorPages", [
            "Primitives", "Web", "Storage", "Pages", "Mail", "Events", "Identity", hummingbird, httpTypes,
        ]),

        // 4b: pages for people
        room("Portal", [
            "JSON", "Primitives", "Web", "JOSE", "Storage", "Certificates", "Contract", "Pages", "Passwords", "Mail", "OAuth", "OpenBanking", "Events",
            "Applications", "Identity", "Bank", "Consents", "AccessTokens", "Metering", "Gateway", "Payments", "Sandbox", "SecondFactorPages", hummingbird, httpTypes, logging,
        ]),
        room("CustomerPages", [
            "Primitives", "Web", "Storage", "Pages", "Passwords", "OAuth", "OpenBanking", "Events", "Applications", "Identity", "Bank",
            "Consents", "AccessTokens", "Metering", "AuthorizationServer", "Payments", "SecondFactorPages", hummingbird, httpTypes, logging,
        ]),
        room("StaffPages", [
            "Primitives", "Web", "Storage", "Pages", "OpenBanking", "Risk", "Events", "Applications", "Identity", "Payments", "SecondFactorPages", hummingbird,
            httpTypes, logging,
        ]),
        room("Demo", ["Primitives", "Web", "Pages", hummingbird, httpTypes, httpClient, nio, .product(name: "NIOHTTP1", package: "swift-nio"), logging]),

        // 5
        room("Composition", [
            "Primitives", "Web", "Backends", "Connections", "JOSE", "RemoteDocuments", "Storage", "StorageSQLite", "StoragePostgres", "Contract", "Pages",
            "Passwords", "Mail", "Telemetry", "Certificates", "OAuth", "OpenBanking", "Events", "Applications", "Identity", "Bank", "Consents", "AccessTokens", "Metering",
            "AuthorizationServer", "Gateway", "Payments", "BankAPI", "Sandbox", "SecondFactorPages", "Portal", "CustomerPages", "StaffPages", "Demo",
            crypto, hummingbird, httpTypes, lifecycle, httpClient, logging, metrics, nio,
            .product(name: "HummingbirdCore", package: "hummingbird"), .product(name: "HummingbirdTLS", package: "hummingbird"),
            .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "NIOTLS", package: "swift-nio"),
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        ]),

        // 6
        .executableTarget(
            name: "wekeza",
            dependencies: [
                "JSON", "Primitives", "JOSE", "Web", "Backends", "Storage", "Certificates", "Passwords", "Mail", "OAuth", "Events", "Applications", "Identity",
                "AccessTokens", "Composition", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings,
            // Takes the place of glibc's allocator in the whole process (docs/decisions/0031-mimalloc.md).
            linkerSettings: [.linkedLibrary("mimalloc", .when(platforms: [.linux]))]),

        // Tests
        .target(
            name: "TestSupport",
            dependencies: ["Primitives", "Storage", "StorageSQLite", "StoragePostgres", logging],
            path: "Tests/TestSupport", swiftSettings: settings),
        tests("JSONTests", ["JSON"]),
        tests("XMLTests", ["XML"]),
        tests("PrimitivesTests", ["Primitives", "TestSupport"]),
        tests("StorageTests", ["Primitives", "Connections", "Storage", "StorageSQLite", "StoragePostgres", "TestSupport", nio, .product(name: "NIOPosix", package: "swift-nio")]),
        tests("TelemetryTests", ["Primitives", "Telemetry", "TestSupport", logging, metrics]),
        tests("JOSETests", ["JSON", "Primitives", "JOSE", "TestSupport", crypto]),
        tests("CertificatesTests", ["Primitives", "Certificates", "TestSupport", x509, asn1, crypto]),
        tests("FuzzTests", ["JSON", "XML", "Primitives", "Web", "JOSE", "Certificates", "OAuth", "OpenBanking", "TestSupport", x509, asn1, crypto, httpTypes]),
        tests("WebTests", ["Primitives", "Web", "TestSupport", hummingbird, httpTypes, .product(name: "HummingbirdTesting", package: "hummingbird")]),
        tests("ConnectionsTests", [
            "Primitives", "Web", "Connections", "TestSupport", hummingbird, httpTypes, nio, .product(name: "NIOEmbedded", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            logging,
        ]),
        tests("BackendsTests", [
            "Backends", nio, .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            "Primitives", "Certificates",
        ]),
        tests("ContractTests", ["JSON", "Primitives", "Contract", "TestSupport"]),
        tests("PagesTests", ["Primitives", "Web", "Pages", "TestSupport"]),
        tests("CustomerPagesTests", [
            "Primitives", "Web", "Storage", "Pages", "OAuth", "OpenBanking", "Applications", "Identity", "Bank", "Consents", "AccessTokens", "Metering",
            "AuthorizationServer", "SecondFactorPages", "CustomerPages", "TestSupport",
        ]),
        tests("SecondFactorPagesTests", ["Primitives", "Web", "Pages", "Mail", "Identity", "SecondFactorPages", "TestSupport"]),
        tests("DemoTests", ["Primitives", "Web", "Pages", "Demo", "TestSupport"]),
        tests("PasswordsTests", ["Primitives", "Passwords", "TestSupport"]),
        tests("RemoteDocumentsTests", ["Primitives", "RemoteDocuments"]),
        tests("MailTests", ["Primitives", "Mail", "TestSupport"]),
        tests("OAuthTests", ["Primitives", "OAuth", "TestSupport"]),
        tests("OpenBankingTests", ["Primitives", "OpenBanking", "TestSupport"]),
        tests("RiskTests", ["Primitives", "Risk", "TestSupport"]),
        tests("EventsTests", ["Primitives", "Storage", "Events", "TestSupport"]),
        tests("ApplicationsTests", ["Primitives", "Storage", "Certificates", "OAuth", "Events", "Applications", "TestSupport"]),
        tests("IdentityTests", ["Primitives", "Storage", "Passwords", "OAuth", "Events", "Identity", "TestSupport"]),
        tests("BankTests", ["Primitives", "Storage", "Events", "Bank", "TestSupport"]),
        tests("SandboxTests", ["Primitives", "Storage", "Events", "Identity", "Bank", "Sandbox", "TestSupport"]),
        tests("BankAPITests", [
            "JSON", "Primitives", "Web", "Storage", "Contract", "OAuth", "OpenBanking", "Events", "Applications", "Bank", "Consents", "AccessTokens", "Gateway",
            "BankAPI", "TestSupport", httpTypes,
        ]),
        tests("ConsentsTests", ["Primitives", "Storage", "OpenBanking", "Events", "Consents", "TestSupport"]),
        tests("PaymentsTests", [
            "Primitives", "Storage", "OpenBanking", "Risk", "Events", "Bank", "Consents", "Payments", "TestSupport",
        ]),
        tests("AccessTokensTests", ["JSON", "Primitives", "Storage", "JOSE", "OAuth", "Events", "Applications", "AccessTokens", "TestSupport", crypto]),
        tests("MeteringTests", ["Primitives", "Storage", "Applications", "Metering", "TestSupport"]),
        tests("CompositionTests", ["Composition"]),
        tests("GatewayTests", ["AccessTokens", "Primitives", "Web", "Storage", "Contract", "Applications", "Gateway", "Metering", "TestSupport", httpTypes]),
        .testTarget(
            name: "Specifications",
            dependencies: [
                "JSON", "Primitives", "Web", "JOSE", "Storage", "Contract", "Pages", "OAuth", "OpenBanking", "Events", "Applications", "Identity",
                "Bank", "Consents", "AccessTokens", "Metering", "AuthorizationServer", "Gateway", "Payments", "BankAPI", "Sandbox", "Portal", "CustomerPages",
                "Demo", "Mail", "Passwords", "Certificates", "Backends", "Composition", "TestSupport", crypto, x509, asn1, httpTypes, hummingbird,
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            path: "Tests/Specifications", swiftSettings: settings),
    ]
)
