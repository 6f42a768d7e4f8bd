/// Carries an answer back to the app in a form (OAuth 2.0 Form Post Response Mode §2). A script sends it off; without one the customer does.
struct FormPostPage: Encodable {
    let heading = "Back to the app"
    /// The redirect URI.
    let action: String
    let fields: [Field]

    struct Field: Encodable {
        let name: String
        let value: String
    }
}
