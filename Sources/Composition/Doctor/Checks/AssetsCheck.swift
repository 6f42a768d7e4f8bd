/// Templates, static files and the contract are there and can be read.
struct AssetsCheck: Check {
    func run(_ setUp: SetUp) async -> [Finding] {
        let folder = setUp.configuration.assets
        do {
            _ = try Assets(folder: folder)
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
