internal import HTTPTypes
import Hummingbird
import NIOCore
import Pages
import Web

/// Why a form is not looked at.
enum FormRefusal: Error {
    /// It came from another site, or without the token of the page that shows it: 403.
    case foreign
    /// Not `application/x-www-form-urlencoded`: 415.
    case unsupportedMediaType
    /// Bytes that are no form: 400.
    case malformed
    /// More than 64 kB: 413.
    case tooLarge
}

/// What every form passes before its fields are read: it comes from our own page (OWASP ASVS 3.5.1), and it is no larger than a form can be.
struct FormGuard: Sendable {
    static let largestForm = 64 << 10

    let csrf: CSRF

    /// Refuses what a browser says came from elsewhere. A form under `Referrer-Policy: no-referrer` says `Origin: null`, which tells nothing.
    func admitOrigin(of request: Request, context: AppContext) throws(FormRefusal) {
        if let site = request.headers[.secFetchSite], site != "same-origin", site != "none" { throw .foreign }
        if let origin = request.headers[.origin], origin != "null", origin != context.issuer.text, !isHost(of: request, origin) { throw .foreign }
    }

    /// - Parameter key: what the token was made for: the session's id, or the browser's cookie.
    func read(_ request: Request, key: String) async throws -> Web.Parameters {
        let type = request.headers[.contentType]?.split(separator: ";").first.map { $0.trimmingWhitespace().lowercased() }
        guard type == "application/x-www-form-urlencoded" else { throw FormRefusal.unsupportedMediaType }
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: Self.largestForm)
        } catch is NIOTooManyBytesError {
            throw FormRefusal.tooLarge
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw FormRefusal.tooLarge
        } catch {
            // Chunks that are none: the bytes cannot be read, whoever sent them.
            throw FormRefusal.malformed
        }
        guard let form = Web.Parameters(urlEncoded: String(buffer: buffer)) else { throw FormRefusal.malformed }
        guard csrf.accepts(form["csrf"], for: key) else { throw FormRefusal.foreign }
        // No form of ours has a name twice.
        guard form.repeatedName == nil else { throw FormRefusal.malformed }
        return form
    }

    /// The address in the browser's bar, when it is not the public one: `http://127.0.0.1:8080` beside `http://localhost:8080`.
    private func isHost(of request: Request, _ origin: String) -> Bool {
        guard let authority = request.head.authority else { return false }
        return origin == "http://\(authority)" || origin == "https://\(authority)"
    }
}

extension HTTPField.Name {
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!  // a token
}
