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

static void each(const struct schema_table *table, FILE *out,
                 void (*print)(const struct schema_column *column, size_t n, FILE *out))
{
    const struct schema_column *const lists[] = { table->keys, table->columns, table->optional };
    size_t n = 0;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (const struct schema_column *c = lists[i]; c && c->name; c++)
            print(c, n++, out);
}

static void print_definition(const struct schema_column *c, size_t n, FILE *out)
{
    const char *type = c->type == SCHEMA_TEXT   ? "TEXT"
                       : c->type == SCHEMA_UUID ? "BLOB"
                                                : "INTEGER";

    (void)n;
    fprintf(out, "    %s %s%s, -- %s\n", c->name, type, c->known ? " NOT NULL" : "", c->help);
}

static void print_name(const struct schema_column *c, size_t n, FILE *out)
{
    fprintf(out, "%s%s", n > 0 ? ", " : "", c->name);
}

static void print_parameter(const struct schema_column *c, size_t n, FILE *out)
{
    (void)c;
    fputs(n > 0 ? ", ?" : "?", out);
}

static void print_create(const struct schema_table *table, const char *rest, FILE *out)
{
    (void)rest;
    fprintf(out, "CREATE TABLE %s ( -- %s\n", table->name, table->help);
    each(table, out, print_definition);
    fprintf(out, "    %s", table->end);
}

static void print_insert(const struct schema_table *table, const char *rest, FILE *out)
{
    (void)rest;
    fprintf(out, "INSERT INTO %s (", table->name);
    each(table, out, print_name);
    fputs(") VALUES (", out);
    each(table, out, print_parameter);
    fputc(')', out);
}

static void print_select(const struct schema_table *table, const char *rest, FILE *out)
{
    fputs("SELECT ", out);
    each(table, out, print_name);
    fprintf(out, " FROM %s %s", table->name, rest);
}

/* What `print` prints; NULL without memory. */
static char *text_of(void (*print)(const struct schema_table *table, const char *rest, FILE *out),
                     const struct schema_table *table, const char *rest)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    int failed;

    if (!out)
        return NULL;
    print(table, rest, out);
    failed = ferror(out);
    if (fclose(out) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}

char *schema_create_sql(const struct schema_table *table)
{
    return text_of(print_create, table, NULL);
}

char *schema_insert_sql(const struct schema_table *table)
{
    return text_of(print_insert, table, NULL);
}

char *schema_select_sql(const struct schema_table *table, const char *rest)
{
    return text_of(print_select, table, rest);
}
