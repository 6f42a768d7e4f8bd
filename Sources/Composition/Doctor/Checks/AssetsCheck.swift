internal import Contract
internal import Pages

/// Templates, static files and the contract are there and can be read.
struct AssetsCheck: Check {
    func run(_ setUp: SetUp) async -> [Finding] {
        let folder = setUp.configuration.assets
        do {
            _ = try Templates(directory: "\(folder)/templates")
            _ = try StaticFiles(directory: "\(folder)/static")
            _ = try APIContract(directory: "\(folder)/openapi")
            return [.ok("assets", "\(folder) holds templates, static and openapi.")]
        } catch {
            return [
                .problem(
                    "assets", "\(folder) does not hold templates, static and openapi that can be read: \(error).",
                    "Name the folder with --assets, or install them anew.")
            ]
        }
    }
}
