/// Passwords that attackers try first. Kept as roots: digits, years and punctuation around a root, and the usual swaps of letters, change nothing.
enum CommonPasswords {
    /// - Parameter password: lower-case.
    static func contain(_ password: String) -> Bool {
        if listed.contains(password) { return true }
        let plain = unswapped(password)
        return [password, plain].contains { listed.contains(root($0)) || isPairOfRoots(root($0)) }
    }

    /// `password2024!` → `password`; more than six characters of decoration are worth something and stay.
    private static func root(_ password: String) -> String {
        let isDecoration: (Character) -> Bool = { !$0.isLetter }
        let tail = password.drop(while: isDecoration)
        let root = String(tail.reversed().drop(while: isDecoration).reversed())
        return password.count - root.count <= 6 ? root : password
    }

    /// `p@ssw0rd` → `password`
    private static func unswapped(_ password: String) -> String {
        let swaps: [Character: Character] = ["@": "a", "4": "a", "3": "e", "1": "i", "!": "i", "0": "o", "$": "s", "5": "s", "7": "t"]
        // Decoration at the ends stays decoration.
        var characters = Array(password)
        while let last = characters.last, !last.isLetter { characters.removeLast() }
        return String(characters.map { swaps[$0] ?? $0 })
    }

    /// `adminpassword`, `hellohello`
    private static func isPairOfRoots(_ root: String) -> Bool {
        guard root.utf8.count <= 32 else { return false }
        return root.indices.dropFirst().contains { listed.contains(String(root[..<$0])) && listed.contains(String(root[$0...])) }
    }

    private static let listed: Set<String> = Set(
        """
        password passwords passwort passwd pass passw passphrase passcode motdepasse contrasena contraseña senha wachtwoord haslo parola salasana
        admin administrator root user guest test tester testing demo default login logon signin changeme change letmein letmeinnow welcome welcometo
        secret secrets secure security private access account master superman batman spiderman ironman pokemon naruto starwars matrix avengers
        qwerty qwert qwertyui qwertyuiop qwertz azerty asdf asdfg asdfgh asdfghjkl zxcvb zxcvbn zxcvbnm qazwsx qazwsxedc wsxedc poiuy poiuytrewq
        dragon monkey tiger lion eagle falcon shadow phoenix panther dolphin butterfly elephant cheetah leopard simba buffalo rhino mustang ferrari porsche
        mercedes toyota nissan subaru yamaha honda corvette charger hunter ranger harley biker trucker soldier
        football baseball basketball soccer hockey tennis rugby cricket golf golfer runner marathon champion champions winner
        arsenal chelsea liverpool manchester manutd united barcelona realmadrid juventus bayern gormahia leopards harambee
        iloveyou loveyou iloveu love lover lovely loveme sweetheart darling honey babygirl babyboy princess prince queen king angel angels
        sunshine moonlight rainbow summer winter spring autumn december november october january february april august july june march monday friday
        sunday saturday flower flowers rose lily jasmine daisy orange banana mango apple cherry strawberry chocolate cookie coffee pepper ginger cheese
        hello hellohi hithere goodbye whatever nothing something anything trustno trustme believe freedom forever together blessed blessing
        jesus jesuschrist christ jesuslove jehovah godisgood godislove god allah muhammad bismillah faith grace mercy hope heaven church
        michael jennifer jessica ashley amanda daniel andrew joshua matthew robert william thomas anthony charlie jordan taylor nicole michelle samantha
        george david james john peter joseph mary grace faith mercy joyce esther ruth sarah rachel hannah emmanuel samuel benjamin kevin brian dennis
        victor collins felix moses elijah abraham isaac jacob joshua caleb simon stephen martin patrick charles edward henry alex alexander maria
        wanjiku wambui njeri wangari achieng atieno otieno onyango ochieng kamau mwangi kimani njoroge kariuki mutua musyoka chebet kiprono kipchoge
        amina fatuma aisha mohammed ahmed hassan ali omar abdul juma baraka neema furaha upendo
        kenya nairobi mombasa kisumu nakuru eldoret uganda kampala tanzania rwanda africa african london paris berlin newyork america canada china india
        mpesa safaricom airtel equity wekeza banking bank mybank money cash dollar shilling shillings million billion rich gold silver diamond
        computer internet windows linux ubuntu android iphone samsung nokia google facebook twitter instagram youtube whatsapp microsoft oracle cisco
        server database postgres mysql redis docker system network wireless router switch vagrant raspberry jenkins tomcat ansible
        developer develop developers development programmer engineer software hacker hackme coder coding script sandbox staging production staff manager
        company office business work employee finance account accounts customer client partner support service helpdesk
        gamer gaming minecraft fortnite roblox playstation xbox nintendo callofduty
        metallica nirvana slipknot eminem beyonce rihanna music guitar piano drummer
        killer ninja samurai warrior legend legendary wizard magic magician mystery secretword star stars galaxy universe planet earth thunder lightning
        abc abcd abcde abcdef abcdefg abcdefgh abcabc aaa aaaa xxx xxxx zzz asd qwe qweasd qweasdzxc zaq xsw zaqxsw
        mother father mama mummy daddy sister brother family baby children friend friends bestfriend buddy boyfriend girlfriend wife husband
        happy happiness smile lucky success peace power energy strong beautiful pretty cutie sexy cool awesome amazing perfect
        october homework school student teacher university college library science history
        correcthorsebatterystaple opensesame sesame abracadabra password1 trustno1 letmein1 1q2w3e4r 1q2w3e4r5t q1w2e3r4 1qaz2wsx zaq12wsx
        12345678 123456789 1234567890 87654321 987654321 11111111 00000000 12341234 11223344 12344321 123123123 147258369 789456123 159357456
        """.split { $0.isWhitespace }.map(String.init))
}
