internal import Contract
internal import Pages

/// What is made of the folder of assets at start: the contract, the pages' templates, and the files that are served as they are.
public struct Assets: Sendable {
    let contractFolder: String
    let contract: APIContract
    let templates: Templates
    let files: StaticFiles

    /// - Parameter folder: holds `templates`, `static` and `openapi`.
    /// - Throws: for the first that cannot be read, which the error names.
    public init(folder: String) throws {
        contractFolder = "\(folder)/openapi"
        templates = try Templates(directory: "\(folder)/templates")
        files = try StaticFiles(directory: "\(folder)/static")
        contract = try APIContract(directory: contractFolder)
    }
}
