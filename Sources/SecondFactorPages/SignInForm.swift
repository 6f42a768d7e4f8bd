public import Pages
internal import Web

/// The form of a sign-in's first step, in the same words for customers, developers and staff.
public enum SignInForm {
    /// That name and password do not match, whoever they are.
    public static var refused: FormErrors {
        var errors = FormErrors()
        errors.add(field: "username", "The name and the password do not match. Check both and try again.")
        return errors
    }

    /// What a person left out, before we looked at anything.
    public static func errors(username: String, password: String) -> FormErrors {
        var errors = FormErrors()
        if username.trimmingWhitespace().isEmpty { errors.add(field: "username", "Enter your email or username") }
        if password.isEmpty { errors.add(field: "password", "Enter your password") }
        return errors
    }

    public static func fields(username: String, errors: FormErrors) -> (username: Field, password: Field) {
        (
            username: .text("username", "Email or username", value: username, errors: errors, autocomplete: "username"),
            password: .password("password", "Password", errors: errors)
        )
    }
}
