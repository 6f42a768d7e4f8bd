// Nothing to call: the library stands before OpenSSL's own function.
