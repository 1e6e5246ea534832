/* SPDX-License-Identifier: BSD-3-Clause */
/* SQL from the tables of columns. */
#include <stdio.h>
#include <stdlib.h>

#include "record/schema.h"

size_t schema_count(const struct schema_column *columns)
{
    size_t n = 0;

    while (columns && columns[n].name)
        n++;
    return n;
}

/* Prints all columns of `table`, those that schema `version` lacks as such. */
static void each(const struct schema_table *table, int version, FILE *out,
                 void (*print)(const struct schema_column *column, bool lacks, size_t n, FILE *out))
{
    const struct schema_column *const lists[] = { table->keys, table->columns, table->optional };
    size_t n = 0;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (const struct schema_column *c = lists[i]; c && c->name; c++)
            print(c, schema_since(table, c) > version, n++, out);
}

static const char *type_of(const struct schema_column *c)
{
    if (c->type == SCHEMA_TEXT)
        return "TEXT";
    return c->type == SCHEMA_UUID ? "BLOB" : "INTEGER";
}

static void print_definition(const struct schema_column *c, bool lacks, size_t n, FILE *out)
{
    (void)lacks;
    (void)n;
    fprintf(out, "    %s %s%s, -- %s\n", c->name, type_of(c), c->known ? " NOT NULL" : "", c->help);
}

static void print_name(const struct schema_column *c, bool lacks, size_t n, FILE *out)
{
    fprintf(out, "%s%s", n > 0 ? ", " : "", lacks ? "NULL" : c->name);
}

static void print_parameter(const struct schema_column *c, bool lacks, size_t n, FILE *out)
{
    (void)c;
    (void)lacks;
    fputs(n > 0 ? ", ?" : "?", out);
}

/* A stream into memory that comes with text; closed, the text is whole. */
static char *finish(FILE *out, char **text)
{
    int failed = ferror(out);

    if (fclose(out) != 0 || failed) {
        free(*text);
        return NULL;
    }
    return *text;
}

char *schema_create_sql(const struct schema_table *table)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fprintf(out, "CREATE TABLE %s ( -- %s\n", table->name, table->help);
    each(table, SCHEMA_VERSION, out, print_definition);
    fprintf(out, "    %s", table->end);
    return finish(out, &text);
}

char *schema_upgrade_sql(const struct schema_table *table, int version)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    for (const struct schema_column *c = table->columns; c->name; c++)
        if (schema_since(table, c) > version)
            fprintf(out, "ALTER TABLE %s ADD COLUMN %s %s; ", table->name, c->name, type_of(c));
    return finish(out, &text);
}

char *schema_insert_sql(const struct schema_table *table)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fprintf(out, "INSERT INTO %s (", table->name);
    each(table, SCHEMA_VERSION, out, print_name);
    fputs(") VALUES (", out);
    each(table, SCHEMA_VERSION, out, print_parameter);
    fputc(')', out);
    return finish(out, &text);
}

char *schema_select_sql(const struct schema_table *table, int version, const char *rest)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fputs("SELECT ", out);
    each(table, version, out, print_name);
    fprintf(out, " FROM %s %s", table->name, rest);
    return finish(out, &text);
}
