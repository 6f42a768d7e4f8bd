// CustomerPages
