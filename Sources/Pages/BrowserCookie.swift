public import Hummingbird
public import Primitives
public import Web

/// The cookie that binds the pages before a sign-in, and their forms, to one browser.
public struct BrowserCookie: Sendable {
    /// A browser by its cookie's value, which may be on its way to it.
    public struct Browser: Sendable {
        public let value: String
        fileprivate let isNew: Bool
    }

    static let name = "wkz_browser"

    private let cookies: CookiePolicy
    private let randomness: any RandomSource

    public init(cookies: CookiePolicy, randomness: any RandomSource) {
        self.cookies = cookies
        self.randomness = randomness
    }

    /// The value that this browser brings; nothing that we could not have made.
    public func value(in request: Request) -> String? {
        cookies.value(Self.name, in: request).flatMap { (40...100).contains($0.utf8.count) ? $0 : nil }
    }

    /// The browser that sent this; one without a value gets its own by `keep`.
    public func browser(of request: Request) -> Browser {
        let known = value(in: request)
        return Browser(value: known ?? randomness.token(), isNew: known == nil)
    }

    /// Gives a new browser its cookie; a known one has it.
    public func keep(_ browser: Browser, on response: inout Response) {
        if browser.isNew { cookies.set(Self.name, to: browser.value, on: &response) }
    }
}
