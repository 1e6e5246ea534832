/* SPDX-License-Identifier: BSD-3-Clause */
/* A struct's fields into a statement's parameters, and a row's values back into the fields. Of core/record
 * only. */
#ifndef CORE_RECORD_ROW_H
#define CORE_RECORD_ROW_H

#include <sqlite3.h>

#include "record/schema.h"

/* Binds the fields of the struct at `base` to the parameters from number `first` (1 is the first); all
 * NULL if `base` is NULL. Texts must live until the statement is reset. SQLITE_OK, or what SQLite says. */
int row_bind(sqlite3_stmt *statement, int first, const struct schema_column *columns,
             const void *base);

/* Reads the values from column number `first` (0 is the first) into the struct at `base`. Texts are
 * SQLite's, valid until the next step. 0; -EBADMSG with what is wrong in `error` ("balloon_kib is -3:
 * want 0..17179869184"), and -ENOMEM. */
int row_read(sqlite3_stmt *statement, int first, const struct schema_column *columns, void *base,
             char *error, size_t error_size);

/* Whether all of these columns are NULL: the struct is missing. */
bool row_is_null(sqlite3_stmt *statement, int first, const struct schema_column *columns);

#endif
