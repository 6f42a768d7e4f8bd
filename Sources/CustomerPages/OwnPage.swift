internal import OAuth

/// A page of the app's own, which the customer may open before they decide (RFC 7591 §2).
struct OwnPage: Encodable {
    /// As the page speaks of the app: `Its privacy policy`. The bank has one too.
    let title, address: String

    /// - Parameter isLocal: whether our own pages come over plain http, on a developer's machine: then the app's may too.
    static func all(of metadata: ClientMetadata, isLocal: Bool) -> [OwnPage] {
        ClientMetadata.Page.opened.compactMap { page in
            guard let address = metadata.pages[page].map(RedirectURI.init(registered:)) else { return nil }
            guard address.scheme == "https" || (isLocal && address.scheme == "http" && address.isLoopback) else { return nil }
            return OwnPage(title: "Its \(page.title.lowercased())", address: address.text)
        }
    }
}
