extension Persona {
    /// The five customers of every world.
    public static let all: [Persona] = [.amina, .brian, .chao, .diana, .elijah]

    /// - Parameter signInName: `amina.traveler`
    public static func named(_ signInName: String) -> Persona? { all.first { $0.signInName == signInName } }
}
