import Composition
import Foundation

/// A new password from standard input, so that it stands in no history. On a terminal it is asked for twice and not shown: a slip, which nobody sees, would
/// keep its owner out.
enum PasswordPrompt {
    /// - Throws: `ConfigurationError` when standard input ends without a line, when the two differ, and when the terminal cannot hide them.
    static func read() throws -> String {
        guard isatty(STDIN_FILENO) == 1 else { return try line() }
        return try unseen {
            let password = try ask("Password: ")
            guard try ask("Again: ") == password else { throw ConfigurationError("The two passwords differ. Nothing was changed.") }
            return password
        }
    }

    /// What ends the process while it asks, `^C` first of all.
    private static let endings = [SIGINT, SIGQUIT, SIGTERM, SIGHUP]

    /// Runs the body while the terminal does not show what is typed. It shows it again afterwards, also when a signal ends the process.
    private static func unseen(_ body: () throws -> String) throws -> String {
        var shown = termios()
        guard tcgetattr(STDIN_FILENO, &shown) == 0 else { throw cannotHide }
        terminalBefore = shown
        for ending in endings { signal(ending, giveBackTerminal) }
        // Stopped, it would leave the shell a terminal that shows nothing.
        signal(SIGTSTP, SIG_IGN)
        defer {
            tcsetattr(STDIN_FILENO, TCSANOW, &shown)
            for signalled in endings + [SIGTSTP] { signal(signalled, SIG_DFL) }
        }
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        // What was typed before it is asked for was shown, and is thrown away.
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0 else { throw cannotHide }
        return try body()
    }

    private static var cannotHide: ConfigurationError { ConfigurationError("This terminal cannot hide a password: pass it from a file, with <.") }

    private static func ask(_ question: String) throws -> String {
        FileHandle.standardError.write(Data(question.utf8))
        defer { FileHandle.standardError.write(Data("\n".utf8)) }
        return try line()
    }

    private static func line() throws -> String {
        guard let line = readLine() else { throw ConfigurationError("Type the password on standard input.") }
        return line
    }
}

/// The terminal as it was before it hid what is typed. What handles a signal reaches only what is global; it is written before any handler is there.
nonisolated(unsafe) private var terminalBefore = termios()

/// Gives the terminal back, then lets the signal end the process as it would have.
private func giveBackTerminal(_ number: CInt) {
    var before = terminalBefore
    tcsetattr(STDIN_FILENO, TCSANOW, &before)
    signal(number, SIG_DFL)
    raise(number)
}
