package import Hummingbird
package import Web
internal import HTTPTypes

extension Request {
    /// Whether another site sent this form. Browsers say so (Fetch Metadata §2.3); older ones name the origin.
    /// The origin of our own forms is `null`, because our pages send no referrer, so `null` alone tells nothing.
    package func comesFromElsewhere(than issuer: Issuer) -> Bool {
        if let site = headers[fetchSite] { return site != "same-origin" && site != "none" }
        return headers[.origin].map { $0 != "null" && $0 != issuer.text } ?? false
    }
}

private let fetchSite = HTTPField.Name("Sec-Fetch-Site")!  // a constant that parses
