import Applications
import Contract
import HTTPTypes
import Hummingbird
internal import JSON
import Metering
import NIOCore
import Web

/// The request matches the contract: parameters, content type, body.
struct RequestPolicy: Policy {
    let name = "request"
    private let largeBodies = LargeBodies()

    func checkAtOnce(_ call: inout Call) -> Verdict? { call.operation.requestBody == nil ? Self.verdict(headFault(of: &call)) : nil }

    func check(_ call: inout Call) async throws -> Verdict {
        let head = headFault(of: &call)
        if case .refused(let problem)? = head { return .refused(problem) }
        return Self.verdict(head, try await bodyFault(of: &call, isHeadSound: head == nil))
    }

    /// What keeps a request, or a part of it, from being what the contract says.
    private enum Fault {
        case refused(Problem)
        case violations([Violation])
    }

    private static func verdict(_ head: Fault?, _ body: Fault? = nil) -> Verdict {
        switch (head, body) {
        case (nil, nil): .passed(.matchesContract)
        case (.refused(let problem)?, _), (_, .refused(let problem)?): .refused(problem)
        case (.violations(let head)?, .violations(let body)?): .refused(problem(head + body))
        case (.violations(let violations)?, nil), (nil, .violations(let violations)?): .refused(problem(violations))
        }
    }

    private func headFault(of call: inout Call) -> Fault? {
        let headers = call.request.headers
        guard Self.acceptsJSON(headers[values: .accept]) else {
            return problem(
                .notAcceptable, "The answer is JSON, which the request does not accept.", "/header/Accept", "application/json",
                headers[values: .accept].joined(separator: ", "))
        }
        guard let query = call.request.query else {
            return problem(
                .invalidRequest, "The query of the address cannot be decoded.", "/query", "UTF-8 with whole percent escapes", "something else")
        }
        let (parameters, violations) = call.operation.check(
            RawRequest(path: call.pathParameters, query: query.pairs) { name in HTTPField.Name(name).map { headers[values: $0] } ?? [] })
        call.parameters = parameters
        return violations.isEmpty ? nil : .violations(violations)
    }

    static func problem(_ violations: [Violation]) -> Problem {
        let isKey = violations.count == 1 && violations[0].pointer == "/header/Idempotency-Key"
        let count = violations.count == 1 ? "One part" : "\(violations.count) parts"
        let detail = "\(count) of the request \(violations.count == 1 ? "does" : "do") not match the contract."
        return Problem(
            isKey ? .invalidIdempotencyKey : .invalidRequest, detail,
            errors: violations.map { Problem.Violation(pointer: $0.pointer, rule: $0.rule, expected: $0.expected, got: $0.got) })
    }

    private func bodyFault(of call: inout Call, isHeadSound: Bool) async throws -> Fault? {
        guard let wanted = call.operation.requestBody else { return nil }
        let type = call.request.headers[.contentType]?.split(separator: ";").first.map { $0.trimmingWhitespace().lowercased() }
        guard let type, let content = wanted.content(type) else {
            let types = wanted.contents.map(\.mediaType).joined(separator: " or ")
            return problem(.unsupportedMediaType, "The body is not \(types).", "/header/Content-Type", types, type ?? "no content type")
        }
        // RFC 9110 §15.5.16: a coding that is not undone would be read as the body itself.
        let coding = call.request.headers[.contentEncoding]?.trimmingWhitespace().lowercased() ?? "identity"
        guard coding == "identity" else {
            return problem(.unsupportedMediaType, "The body is compressed.", "/header/Content-Encoding", "no coding", coding)
        }
        let limit = call.rules.largestBody ?? Self.largestBody
        // One that comes in chunks does not say.
        let length = call.request.headers[.contentLength].flatMap(Int.init)
        if let length, length > limit { return tooLarge(limit) }
        if limit > Self.largestBody, length.map({ $0 > Self.largestBody }) ?? true {
            // It is refused whatever its body is, which may take its time to come and would hold a place meanwhile.
            guard isHeadSound else { return nil }
            guard let place = largeBodies.place(for: call.app?.organisationID) else {
                return .refused(Problem(.temporarilyUnavailable, "Other large bodies are being read.", headers: [.retryAfter: "1"]))
            }
            call.largeBody = place
        }
        let bytes: [UInt8]
        do {
            bytes = Array(buffer: try await call.request.body.collect(upTo: limit))
        } catch is NIOTooManyBytesError {
            return tooLarge(limit)
        } catch let error as HTTPError where error.status == .contentTooLarge {
            return tooLarge(limit)
        }
        call.bodyBytes = bytes
        call.mediaType = type
        // What is no JSON is for the operation to read.
        guard type == "application/json" else { return nil }
        do {
            let value = try JSONValue(parsing: bytes)
            call.body = value
            let violations = content.schema.violations(of: value)
            return violations.isEmpty ? nil : .violations(violations)
        } catch {
            if let member = error.repeatedMember {
                return .refused(
                    Problem(
                        .malformedBody, "The body names a member twice.",
                        errors: [Problem.Violation(pointer: member, rule: "unique_member", expected: error.expected, got: error.got)]))
            }
            return problem(.malformedBody, "The body is no JSON that we read.", "", error.expected, "\(error.got) at byte \(error.offset)")
        }
    }

    private func tooLarge(_ limit: Int) -> Fault {
        problem(.bodyTooLarge, "The body is larger than \(limit >> 20) MiB.", "", "at most \(limit) bytes", "more")
    }

    private func problem(_ code: ErrorCode, _ detail: String, _ pointer: String, _ expected: String, _ got: String) -> Fault {
        .refused(Problem(code, detail, errors: [Problem.Violation(pointer: pointer, rule: name, expected: expected, got: String(got.prefix(80)))]))
    }

    private static let largestBody = 1 << 20

    /// RFC 9110 §12.5.1, as far as one media type needs it: the most specific of the ranges that hold it decides. A field that is absent or empty accepts
    /// everything.
    static func acceptsJSON(_ fields: [String]) -> Bool {
        let ranges = fields.flatMap { $0.split(separator: ",") }.map { range in
            range.split(separator: ";").map { $0.trimmingWhitespace().lowercased() }
        }.filter { !$0.isEmpty }
        guard !ranges.isEmpty else { return true }
        for names in jsonRanges {
            let found = ranges.filter { names.contains($0[0]) }
            if !found.isEmpty { return found.contains { !isRefused($0) } }
        }
        return false
    }

    /// What holds `application/json`, the most specific first.
    private static let jsonRanges = [["application/json"], ["application/*"], ["*/*", "*"]]

    private static func isRefused(_ range: [String]) -> Bool { range.dropFirst().contains { ["q=0", "q=0.0", "q=0.00", "q=0.000"].contains($0) } }
}
