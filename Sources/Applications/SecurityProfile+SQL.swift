package import OAuth
package import Storage

extension SecurityProfile: SQLBindable, SQLReadable {}
