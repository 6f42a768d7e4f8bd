public import JSON

/// The contract: every operation of `openapi/*.yaml`, read once at start. What the gateway enforces and what the reference page shows is this.
public struct APIContract: Sendable {
    /// In the order of the files (by name) and of their text.
    public let sections: [Section]

    /// One file: a group of operations.
    public struct Section: Sendable {
        /// The file's name without its ending: `accounts`.
        public let name: String
        public let title: String
        public let version: String
        public let summary: String
        /// What its first tag says of it.
        public let description: String
        public let operations: [Operation]
        /// The named schemas that the section defines, in their order.
        public let schemas: [Schema]
    }

    public var operations: [Operation] { sections.flatMap(\.operations) }

    public func operation(_ id: String) -> Operation? { operations.first { $0.id == id } }
}

/// One operation: a method on a path. It, its parameters and its rules are objects, since every call of the gateway takes them along.
public final class Operation: Sendable, Identifiable {
    /// Its `operationId`: `getAccountBalance`.
    public let id: String
    /// `GET`
    public let method: String
    /// `/v1/accounts/{account_id}/balance`
    public let path: String
    public let tag: String?
    public let summary: String
    public let description: String
    public let parameters: [Parameter]
    public let requestBody: RequestBody?
    public let responses: [ResponseDescription]
    /// What the gateway asks of a caller; `nil` for operations that are not the gateway's (`/oauth2`).
    public let access: AccessRules?
    /// Whether an access token of ours is wanted at all.
    public let needsToken: Bool

    init(
        id: String, method: String, path: String, tag: String?, summary: String, description: String, parameters: [Parameter], requestBody: RequestBody?,
        responses: [ResponseDescription], access: AccessRules?, needsToken: Bool
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.tag = tag
        self.summary = summary
        self.description = description
        self.parameters = parameters
        self.requestBody = requestBody
        self.responses = responses
        self.access = access
        self.needsToken = needsToken
    }
}

public final class Parameter: Sendable {
    public enum Location: String, Sendable {
        case path, query, header
    }

    public let name: String
    public let location: Location
    public let isRequired: Bool
    public let description: String
    public let schema: Schema
    public let example: JSONValue?
    /// How a violation names it: `/query/limit`.
    let pointer: String

    init(name: String, location: Location, isRequired: Bool, description: String, schema: Schema, example: JSONValue?) {
        self.name = name
        self.location = location
        self.isRequired = isRequired
        self.description = description
        self.schema = schema
        self.example = example
        pointer = "/\(location.rawValue)\(pointerStep(name))"
    }
}

public struct RequestBody: Sendable {
    public let isRequired: Bool
    public let description: String
    public let contents: [Content]

    public func content(_ mediaType: String) -> Content? { contents.first { $0.mediaType == mediaType } }
}

/// A body in one media type.
public struct Content: Sendable {
    /// `application/json`
    public let mediaType: String
    public let schema: Schema
    public let example: JSONValue?
}

/// One status of an operation. (`Response` is the web framework's word.)
public struct ResponseDescription: Sendable {
    public struct Header: Sendable {
        public let name: String
        public let description: String
        public let schema: Schema
    }

    public let status: Int
    public let description: String
    public let headers: [Header]
    public let contents: [Content]

    public func content(_ mediaType: String) -> Content? { contents.first { $0.mediaType == mediaType } }
}

/// What the gateway asks of a caller of one operation: the extension `x-wekeza`.
public final class AccessRules: Sendable {
    /// Whose token the operation takes.
    public enum Token: String, Sendable {
        /// One that a customer approved: it carries a consent.
        case customer
        /// One that the app got for itself.
        case app
    }

    /// Who answers.
    public enum Server: String, Sendable {
        /// The bank behind the gateway: the sandbox's, or the real one.
        case bank
        /// The platform itself, for sandbox and live apps alike.
        case platform
        /// The sandbox's controls, for sandbox apps alone.
        case sandbox
    }

    public let scope: String
    public let token: Token
    /// Each of these must be in the consent.
    public let allPermissions: [String]
    /// At least one of these must be in the consent; empty asks for none.
    public let anyPermission: [String]
    /// The path parameter that names an account of the consent.
    public let accountParameter: String?
    /// The query parameters that name the ends of a range of bookings.
    public let windowParameters: WindowParameters?
    public let server: Server
    /// Whether `Idempotency-Key` makes a repetition safe.
    public let isIdempotent: Bool
    /// Whether the operation uses the consent up: one that was used goes on to it, so that a repetition finds its first answer.
    public let spendsConsent: Bool
    /// Whether it lodges a consent, which the platform alone keeps.
    public let lodgesConsent: Bool
    /// The largest body that the operation takes, in bytes; `nil` for the gateway's own limit.
    public let largestBody: Int?

    public struct WindowParameters: Hashable, Sendable {
        public let from: String
        public let to: String
    }

    init(
        scope: String, token: Token, allPermissions: [String], anyPermission: [String], accountParameter: String?, windowParameters: WindowParameters?,
        server: Server, isIdempotent: Bool, spendsConsent: Bool, lodgesConsent: Bool, largestBody: Int?
    ) {
        self.scope = scope
        self.token = token
        self.allPermissions = allPermissions
        self.anyPermission = anyPermission
        self.accountParameter = accountParameter
        self.windowParameters = windowParameters
        self.server = server
        self.isIdempotent = isIdempotent
        self.spendsConsent = spendsConsent
        self.lodgesConsent = lodgesConsent
        self.largestBody = largestBody
    }
}
