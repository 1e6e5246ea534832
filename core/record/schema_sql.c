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

/* What is to be printed of a table. */
struct request {
    const struct schema_table *table;
    int version;      /* of the file, where that matters */
    const char *rest; /* behind it, where there is any */
};

static void print_create(const struct request *request, FILE *out)
{
    fprintf(out, "CREATE TABLE %s ( -- %s\n", request->table->name, request->table->help);
    each(request->table, SCHEMA_VERSION, out, print_definition);
    fprintf(out, "    %s", request->table->end);
}

static void print_upgrade(const struct request *request, FILE *out)
{
    const struct schema_table *table = request->table;

    for (const struct schema_column *c = table->columns; c->name; c++)
        if (schema_since(table, c) > request->version)
            fprintf(out, "ALTER TABLE %s ADD COLUMN %s %s; ", table->name, c->name, type_of(c));
}

static void print_insert(const struct request *request, FILE *out)
{
    fprintf(out, "INSERT INTO %s (", request->table->name);
    each(request->table, SCHEMA_VERSION, out, print_name);
    fputs(") VALUES (", out);
    each(request->table, SCHEMA_VERSION, out, print_parameter);
    fputc(')', out);
}

static void print_select(const struct request *request, FILE *out)
{
    fputs("SELECT ", out);
    each(request->table, request->version, out, print_name);
    fprintf(out, " FROM %s %s", request->table->name, request->rest);
}

/* What `print` prints; NULL without memory. */
static char *text_of(void (*print)(const struct request *request, FILE *out),
                     const struct request *request)
{
    char *text = NULL;
    size_t size;
    int failed;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    print(request, out);
    failed = ferror(out);
    if (fclose(out) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}

char *schema_create_sql(const struct schema_table *table)
{
    return text_of(print_create, &(struct request){ .table = table });
}

char *schema_upgrade_sql(const struct schema_table *table, int version)
{
    return text_of(print_upgrade, &(struct request){ table, version, NULL });
}

char *schema_insert_sql(const struct schema_table *table)
{
    return text_of(print_insert, &(struct request){ .table = table });
}

char *schema_select_sql(const struct schema_table *table, int version, const char *rest)
{
    return text_of(print_select, &(struct request){ table, version, rest });
}
