public import OAuth
public import Storage

extension SecurityProfile: SQLBindable, SQLReadable {}
