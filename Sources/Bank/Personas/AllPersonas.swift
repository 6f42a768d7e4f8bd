extension Persona {
    /// The five customers of every world.
    package static let all: [Persona] = [.amina, .brian, .chao, .diana, .elijah]
}
