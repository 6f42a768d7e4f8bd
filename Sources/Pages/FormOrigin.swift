internal import HTTPTypes
public import Hummingbird
public import Web

/// Refuses each form that another site sent to one of our pages, before anything reads it (OWASP ASVS 3.5.1): the one place that asks where forms come from.
public struct FormOrigin: RequestStep {
    public init() {}

    public func enter(_ request: Request, _ context: inout AppContext) throws {
        if !Self.reading.contains(request.method), let page = PageAddress(request.uri.path), !page.takesForeignForms,
            request.comesFromElsewhere(than: context.issuer)
        {
            throw Problem.foreignForm
        }
    }

    private static let reading: Set<HTTPRequest.Method> = [.get, .head, .options]
}

extension Problem {
    /// A form that is not from the page we gave, or from one that is too old.
    public static let foreignForm = Problem(.forbidden, "The form did not come from the page we gave you, or that page was too old.")
}

extension Request {
    /// Whether the browser says that another site sent this: by Fetch Metadata §2.3, or by the origin. The origin of our own forms is `null`, because our
    /// pages send no referrer, so `null` tells nothing. The address in the browser's bar need not be the public one: `http://127.0.0.1:8080` beside
    /// `http://localhost:8080`.
    func comesFromElsewhere(than issuer: Issuer) -> Bool {
        if let site = headers[fetchSite], site != "same-origin", site != "none" { return true }
        guard let origin = headers[.origin], origin != "null", origin != issuer.text else { return false }
        guard let authority = head.authority else { return true }
        return origin != "http://\(authority)" && origin != "https://\(authority)"
    }
}

private let fetchSite = HTTPField.Name("Sec-Fetch-Site")!  // a constant that parses
