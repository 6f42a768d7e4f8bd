package import JSON

/// The contract: every operation of `openapi/*.yaml`, read once at start. What the gateway enforces and what the reference page shows is this.
package struct APIContract: Sendable {
    /// In the order of the files (by name) and of their text.
    package let sections: [Section]

    /// One file: a group of operations.
    package struct Section: Sendable {
        /// The file's name without its ending: `accounts`.
        package let name: String
        package let title: String
        package let version: String
        package let summary: String
        /// What its first tag says of it.
        package let description: String
        package let operations: [Operation]
        /// The named schemas that the section defines, in their order.
        package let schemas: [Schema]
    }

    package var operations: [Operation] { sections.flatMap(\.operations) }

    package func operation(_ id: String) -> Operation? { operations.first { $0.id == id } }
}

/// One operation: a method on a path.
package struct Operation: Sendable, Identifiable {
    /// Its `operationId`: `getAccountBalance`.
    package let id: String
    /// `GET`
    package let method: String
    /// `/v1/accounts/{account_id}/balance`
    package let path: String
    package let tag: String?
    package let summary: String
    package let description: String
    package let parameters: [Parameter]
    package let requestBody: RequestBody?
    package let responses: [ResponseDescription]
    /// What the gateway asks of a caller; `nil` for operations that are not the gateway's (`/oauth2`).
    package let access: AccessRules?
    /// Whether an access token of ours is wanted at all.
    package let needsToken: Bool
}

package struct Parameter: Sendable {
    package enum Location: String, Sendable {
        case path, query, header
    }

    package let name: String
    package let location: Location
    package let isRequired: Bool
    package let description: String
    package let schema: Schema
    package let example: JSONValue?
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

package struct RequestBody: Sendable {
    package let isRequired: Bool
    package let description: String
    package let contents: [Content]

    package func content(_ mediaType: String) -> Content? { contents.first { $0.mediaType == mediaType } }
}

/// A body in one media type.
package struct Content: Sendable {
    /// `application/json`
    package let mediaType: String
    package let schema: Schema
    package let example: JSONValue?
}

/// One status of an operation. (`Response` is the web framework's word.)
package struct ResponseDescription: Sendable {
    package struct Header: Sendable {
        package let name: String
        package let description: String
        package let schema: Schema
    }

    package let status: Int
    package let description: String
    package let headers: [Header]
    package let contents: [Content]

    package func content(_ mediaType: String) -> Content? { contents.first { $0.mediaType == mediaType } }
}

/// What the gateway asks of a caller of one operation: the extension `x-wekeza`.
package struct AccessRules: Hashable, Sendable {
    /// Whose token the operation takes.
    package enum Token: String, Sendable {
        /// One that a customer approved: it carries a consent.
        case customer
        /// One that the app got for itself.
        case app
    }

    /// Who answers.
    package enum Server: String, Sendable {
        /// The bank behind the gateway: the sandbox's, or the real one.
        case bank
        /// The platform itself, for sandbox and live apps alike.
        case platform
        /// The sandbox's controls, for sandbox apps alone.
        case sandbox
    }

    package let scope: String
    package let token: Token
    /// Each of these must be in the consent.
    package let allPermissions: [String]
    /// At least one of these must be in the consent; empty asks for none.
    package let anyPermission: [String]
    /// The path parameter that names an account of the consent.
    package let accountParameter: String?
    /// The query parameters that name the ends of a range of bookings.
    package let windowParameters: WindowParameters?
    package let server: Server
    /// Whether `Idempotency-Key` makes a repetition safe.
    package let isIdempotent: Bool
    /// Whether the operation uses the consent up: one that was used goes on to it, so that a repetition finds its first answer.
    package let spendsConsent: Bool
    /// Whether it lodges a consent, which the platform alone keeps.
    package let lodgesConsent: Bool
    /// The largest body that the operation takes, in bytes; `nil` for the gateway's own limit.
    package let largestBody: Int?

    package struct WindowParameters: Hashable, Sendable {
        package let from: String
        package let to: String
    }
}
