// Consents
