/// Shops and firms that more than one persona knows. All of them are made up.
enum Places {
    static let supermarkets = [
        Payee("Tumaini Supermarket", "Till 5512043"), Payee("Sokoni Fresh Market", "Till 5630917"), Payee("Kilele Mart", "Till 5209184"),
    ]
    static let eating = [
        Payee("Mti Coffee House", "Till 5841126"), Payee("Nyama Corner Grill", "Till 5740325"), Payee("Swahili Plates", "Till 5098811"),
        Payee("Pwani Kitchen", "Till 5377402"),
    ]
    static let matatu = [
        Payee("Matatu Sacco 46", "Till 5100046"), Payee("Matatu Sacco 23", "Till 5100023"), Payee("Umoja Innercore Sacco", "Till 5100237"),
    ]
    static let rides = [Payee("Twende Rides", "Paybill 402210"), Payee("Boda Haraka", "Paybill 402388")]
    static let fuel = [Payee("Rift Energy Ngong Road"), Payee("Rift Energy Thika Road"), Payee("Savanna Fuels Karen")]
    static let electricity = [Payee("Stima Prepaid Tokens", "Paybill 888880")]
    static let water = [Payee("Nairobi Maji Water", "Paybill 444400")]
    static let internet = [Payee("Kasi Fibre", "Paybill 320320")]
    static let airtime = [Payee("Twiga Mobile Airtime", "Paybill 220220")]
    static let pharmacies = [Payee("Afya Chemist", "Till 5622210"), Payee("Uzima Pharmacy", "Till 5488107")]
    static let online = [Payee("Duka Online"), Payee("Kiko Fashion"), Payee("Simu House Electronics")]
}
