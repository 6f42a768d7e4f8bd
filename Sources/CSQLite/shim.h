#include <sqlite3.h>

/// `sqlite3_config` takes what it is given after the option, which Swift cannot hand over.
///
/// SQLite counts the memory that it holds under one lock of the whole process, for `sqlite3_memory_used`, which nothing here asks for.
/// @return `SQLITE_OK`, or `SQLITE_MISUSE` once a database was opened.
static inline int sqlite3_leave_memory_uncounted(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
