/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/row.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "host/host.h"
#include "memcoord/policy.h"
#include "util/complain.h"

/* ---- writing */

static int bind_u64(sqlite3_stmt *statement, int at, uint64_t value)
{
    if (value == MEMCOORD_UNKNOWN)
        return sqlite3_bind_null(statement, at);
    return sqlite3_bind_int64(statement, at,
                              (sqlite3_int64)memcoord_min(value, (uint64_t)INT64_MAX));
}

static int bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    return text ? sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC)
                : sqlite3_bind_null(statement, at);
}

static int bind(sqlite3_stmt *statement, int at, enum schema_type type, const void *field)
{
    switch (type) {
    case SCHEMA_U64:
        return bind_u64(statement, at, *(const uint64_t *)field);
    case SCHEMA_I64:
        return sqlite3_bind_int64(statement, at, *(const int64_t *)field);
    case SCHEMA_U32:
        return sqlite3_bind_int64(statement, at, *(const uint32_t *)field);
    case SCHEMA_BOOL:
        return sqlite3_bind_int(statement, at, *(const bool *)field);
    case SCHEMA_SIZE:
        return bind_u64(statement, at, *(const size_t *)field);
    case SCHEMA_TEXT:
        return bind_text(statement, at, *(const char *const *)field);
    case SCHEMA_UUID:
        return sqlite3_bind_blob(statement, at, field, HOST_UUID_BYTES, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

int row_bind(sqlite3_stmt *statement, int first, const struct schema_column *columns,
             const void *base)
{
    int r = SQLITE_OK;

    for (const struct schema_column *c = columns; c && c->name && r == SQLITE_OK; c++, first++)
        r = base ? bind(statement, first, c->type, (const char *)base + c->offset)
                 : sqlite3_bind_null(statement, first);
    return r;
}

/* ---- reading */

static int refuse_null(const struct schema_column *c, char *error, size_t error_size)
{
    return complain(error, error_size, -EBADMSG, "%s is NULL", c->name);
}

static uint64_t max_of(const struct schema_column *c)
{
    return c->max > 0 ? c->max : c->type == SCHEMA_U32 ? UINT32_MAX : (uint64_t)INT64_MAX;
}

static void store(const struct schema_column *c, int64_t value, void *field)
{
    if (c->type == SCHEMA_U64)
        *(uint64_t *)field = (uint64_t)value;
    else if (c->type == SCHEMA_I64)
        *(int64_t *)field = value;
    else if (c->type == SCHEMA_U32)
        *(uint32_t *)field = (uint32_t)value;
    else if (c->type == SCHEMA_BOOL)
        *(bool *)field = value != 0;
    else
        *(size_t *)field = (size_t)value;
}

static int read_number(sqlite3_stmt *statement, int at, const struct schema_column *c, void *field,
                       char *error, size_t error_size)
{
    int64_t max = (int64_t)max_of(c);
    int64_t min = c->type != SCHEMA_I64 ? 0 : c->max > 0 ? -max : INT64_MIN;
    int64_t value = sqlite3_column_int64(statement, at);

    if (sqlite3_column_type(statement, at) != SQLITE_INTEGER)
        return complain(error, error_size, -EBADMSG, "%s is no integer", c->name);
    if (value < min || value > max)
        return complain(error, error_size, -EBADMSG,
                        "%s is %" PRId64 ": want %" PRId64 "..%" PRId64, c->name, value, min, max);
    store(c, value, field);
    return 0;
}

static int read_text(sqlite3_stmt *statement, int at, const struct schema_column *c,
                     const char **field, char *error, size_t error_size)
{
    if (sqlite3_column_type(statement, at) != SQLITE_TEXT)
        return complain(error, error_size, -EBADMSG, "%s is no text", c->name);
    *field = (const char *)sqlite3_column_text(statement, at);
    return *field ? 0 : -ENOMEM;
}

static int read_uuid(sqlite3_stmt *statement, int at, const struct schema_column *c, void *field,
                     char *error, size_t error_size)
{
    if (sqlite3_column_type(statement, at) != SQLITE_BLOB ||
        sqlite3_column_bytes(statement, at) != HOST_UUID_BYTES)
        return complain(error, error_size, -EBADMSG, "%s is not %d bytes", c->name,
                        HOST_UUID_BYTES);
    memcpy(field, sqlite3_column_blob(statement, at), HOST_UUID_BYTES);
    return 0;
}

static int read_one(sqlite3_stmt *statement, int at, const struct schema_column *c, void *field,
                    char *error, size_t error_size)
{
    bool is_null = sqlite3_column_type(statement, at) == SQLITE_NULL;

    if (is_null && c->known)
        return refuse_null(c, error, error_size);
    if (is_null && c->type == SCHEMA_TEXT)
        *(const char **)field = NULL;
    else if (is_null && c->type == SCHEMA_U64)
        *(uint64_t *)field = MEMCOORD_UNKNOWN;
    else if (c->type == SCHEMA_TEXT)
        return read_text(statement, at, c, field, error, error_size);
    else if (c->type == SCHEMA_UUID)
        return read_uuid(statement, at, c, field, error, error_size);
    else
        return read_number(statement, at, c, field, error, error_size);
    return 0;
}

int row_read(sqlite3_stmt *statement, int first, const struct schema_column *columns, void *base,
             char *error, size_t error_size)
{
    int r = 0;

    for (const struct schema_column *c = columns; c && c->name && r == 0; c++, first++)
        r = read_one(statement, first, c, (char *)base + c->offset, error, error_size);
    if (r == -ENOMEM)
        complain(error, error_size, r, "out of memory");
    return r;
}

bool row_is_null(sqlite3_stmt *statement, int first, const struct schema_column *columns)
{
    for (const struct schema_column *c = columns; c && c->name; c++, first++)
        if (sqlite3_column_type(statement, first) != SQLITE_NULL)
            return false;
    return true;
}
