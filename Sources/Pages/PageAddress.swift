/// An address that answers with a page: what people see in a browser. The other addresses are for programs.
public struct PageAddress: Sendable {
    public let path: String
    /// Whose page it is, by its first part.
    public let audience: Audience

    public init?(_ path: String) {
        guard path == "/" || Self.roots.contains(where: { path == $0 || path.hasPrefix("\($0)/") }) else { return nil }
        self.path = path
        audience = Self.audience(of: path)
    }

    /// Whom an error at any address speaks to.
    static func audience(of path: String) -> Audience {
        if path.hasPrefix("/my") || path.hasPrefix("/oauth2") { return .customer }
        return path.hasPrefix("/staff") ? .staff : .visitor
    }

    /// OpenID Connect Core §3.1.2.1: an authorization request may come as a form of any site.
    var takesForeignForms: Bool { path == "/oauth2/authorize" }

    private static let roots = ["/portal", "/docs", "/my", "/staff", "/demo", "/r", "/oauth2/authorize", "/oauth2/logout", "/device"]
}
