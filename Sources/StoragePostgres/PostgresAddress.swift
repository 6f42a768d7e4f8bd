internal import CPostgres

/// An address `postgres://user:password@host:port/database`, as libpq reads it. What libpq says of one that it cannot read quotes it, password and all: nobody is
/// to print that.
public struct PostgresAddress: Sendable {
    /// libpq's environment variables for it.
    let environment: [String: String]

    /// - Returns: `nil` for an address that cannot be read, or not as it was meant: an `@` or a `/` of the password has to be percent-encoded, or what follows it
    ///   becomes the host, the port or the database's name, which stand in messages.
    public init?(_ url: String) {
        let place = url.split(separator: "://", maxSplits: 1).last ?? ""
        let authority = place.prefix { $0 != "/" }
        let name = place.dropFirst(authority.count).prefix { $0 != "?" }
        guard authority.count(where: { $0 == "@" }) <= 1, !name.contains("@") else { return nil }
        var complaint: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &complaint) else {
            PQfreemem(complaint)
            return nil
        }
        defer { PQconninfoFree(options) }
        var environment: [String: String] = [:]
        var option = options
        while option.pointee.keyword != nil {
            if let name = option.pointee.envvar, let value = option.pointee.val { environment[String(cString: name)] = String(cString: value) }
            option += 1
        }
        self.environment = environment
    }
}
