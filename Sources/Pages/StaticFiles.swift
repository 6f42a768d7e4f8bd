import Hummingbird
public import Web
internal import Foundation
internal import HTTPTypes
internal import NIOCore
internal import Primitives

/// The files of the `static` folder, read once at start. Each has an address that holds its digest, so that a browser keeps it for ever
/// and a changed file has another address. An address with another digest, as a page from before an upgrade asks for, gives today's file, uncached.
public final class StaticFiles: Sendable {
    private struct File: Sendable {
        let bytes: ByteBuffer
        let type: String
        let digest: String
    }

    private let files: [String: File]

    /// - Throws: when the folder cannot be read.
    public init(directory: String) throws {
        var files: [String: File] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            guard let dot = name.lastIndex(of: "."), let type = Self.types[String(name[name.index(after: dot)...])],
                let bytes = FileManager.default.contents(atPath: "\(directory)/\(name)")
            else { continue }
            files[name] = File(bytes: ByteBuffer(bytes: bytes), type: type, digest: String(Base64URL.encode(sha256(Array(bytes))).prefix(16)))
        }
        self.files = files
    }

    /// `/static/<digest>/wekeza.css`
    public func address(of name: String) -> String {
        guard let file = files[name] else { return "/static/current/\(name)" }
        return "/static/\(file.digest)/\(name)"
    }

    static func address(of name: String, in files: StaticFiles?) -> String { files?.address(of: name) ?? "/static/current/\(name)" }

    public func add(to routes: Routes) {
        for method in [HTTPRequest.Method.get, .head] {
            routes.on("/static/{digest}/{name}", method: method) { request, context in
                guard let name = context.parameters.get("name"), let file = self.files[name] else { throw HTTPError(.notFound) }
                return Self.answer(file, for: request, isCurrent: context.parameters.get("digest") == file.digest)
            }
        }
    }

    private static func answer(_ file: File, for request: Request, isCurrent: Bool) -> Response {
        let tag = "\"\(file.digest)\""
        var headers: HTTPFields = [
            .contentType: file.type, .eTag: tag,
            .cacheControl: isCurrent ? "public, max-age=31536000, immutable" : "no-cache",
        ]
        let known = request.headers[values: .ifNoneMatch].contains { $0.contains(tag) || $0 == "*" }
        guard !known else { return Response(status: .notModified, headers: headers) }
        guard request.method != .head else {
            headers[.contentLength] = String(file.bytes.readableBytes)
            return Response(status: .ok, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.bytes))
    }

    private static let types = [
        "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml", "png": "image/png",
        "txt": "text/plain; charset=utf-8",
    ]
}
