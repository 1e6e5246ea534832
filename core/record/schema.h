/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of a recording, column by column: what makes them, fills them and reads them goes by these rows,
 * and `.schema` shows them with their units. conf/recordings.md explains them. Of core/record only. */
#ifndef CORE_RECORD_SCHEMA_H
#define CORE_RECORD_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "mcor": says that an SQLite file is a recording. */
#define SCHEMA_APPLICATION_ID 0x6d636f72
/* Counts every change of the tables. A reader reads its own and all before, and refuses newer ones. */
#define SCHEMA_VERSION 3

enum schema_type {
    SCHEMA_U64, /* uint64_t; MEMCOORD_UNKNOWN is NULL; what SQLite can't hold becomes its largest */
    SCHEMA_I64, /* int64_t */
    SCHEMA_U32, /* uint32_t */
    SCHEMA_BOOL, /* bool */
    SCHEMA_SIZE, /* size_t */
    SCHEMA_TEXT, /* const char *; NULL is NULL */
    SCHEMA_UUID  /* uint8_t[HOST_UUID_BYTES] */
};

struct schema_column {
    const char *name;
    enum schema_type type;
    size_t offset;    /* in the struct that it is a field of; 0 for keys, which are no field */
    bool known;       /* never NULL */
    uint64_t max;     /* the largest value that makes sense; 0: any */
    const char *help; /* a few words, with the unit */
};

/* Lists of columns end with a row without a name. */
struct schema_table {
    const char *name, *help;
    const struct schema_column
        *keys; /* they come first; whoever writes or reads binds them itself */
    const struct schema_column *columns; /* of the row's struct */
    const struct schema_column
        *optional;   /* of a struct that may be missing: all NULL; NULL: none */
    const char *end; /* the primary key, and options of the table */
};

extern const struct schema_table schema_run;           /* struct record_run */
extern const struct schema_table schema_domain;        /* struct record_domain: who it is */
extern const struct schema_table schema_host_sample;   /* struct record_tick; host_counts */
extern const struct schema_table schema_domain_sample; /* struct record_domain; host_truth */

size_t schema_count(const struct schema_column *columns);

/* The first schema with that column. */
int schema_since(const struct schema_table *table, const struct schema_column *column);

/* SQL that makes `table`; that adds the columns to one of schema `version` that it lacks (empty: none); that
 * adds a row, with a parameter for each column in order; that selects all columns in order from a file of schema
 * `version`, NULL for those that it lacks, with `rest` behind. The caller's to free; NULL without memory. */
char *schema_create_sql(const struct schema_table *table);
char *schema_upgrade_sql(const struct schema_table *table, int version);
char *schema_insert_sql(const struct schema_table *table);
char *schema_select_sql(const struct schema_table *table, int version, const char *rest);

#endif
