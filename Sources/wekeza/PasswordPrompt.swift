import Composition
import Foundation

/// A password from standard input, so that it stands in no history. On a terminal it is asked for and not shown.
enum PasswordPrompt {
    /// - Throws: `ConfigurationError` when standard input ends without a line.
    static func read() throws -> String {
        let isTerminal = isatty(STDIN_FILENO) == 1
        guard let password = isTerminal ? ask() : readLine() else { throw ConfigurationError("Type the password on standard input.") }
        return password
    }

    private static func ask() -> String? {
        var shown = termios()
        tcgetattr(STDIN_FILENO, &shown)
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        // What was typed before it is asked for was shown, and is thrown away.
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        FileHandle.standardError.write(Data("Password: ".utf8))
        defer {
            tcsetattr(STDIN_FILENO, TCSANOW, &shown)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        return readLine()
    }
}
