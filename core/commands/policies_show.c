/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/policies_show.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config/values.h"
#include "util/json_text.h"

#define COLUMNS 5
#define VALUE_BYTES 64

static int larger(int width, const char *text)
{
    int length = (int)strlen(text);

    return length > width ? length : width;
}

void policies_print_list(const struct policies_row *rows, size_t n)
{
    int width = 0;

    for (size_t i = 0; i < n; i++)
        if (rows[i].policy)
            width = larger(width, rows[i].policy->table.name);
    for (size_t i = 0; i < n; i++)
        if (rows[i].policy)
            printf("%-*s  %s\n", width, rows[i].policy->table.name, rows[i].policy->table.summary);
    for (size_t i = 0; i < n; i++)
        if (!rows[i].policy)
            printf("can't be loaded: %s\n", rows[i].error);
}

/* The cells of parameter `i` before its help. */
static void fill_cells(const struct policy_instance *instance, size_t i, char *value,
                       const char *cells[COLUMNS])
{
    const struct memcoord_param *p = &instance->policy->params[i];

    value_format(p->type, p->range, policy_instance_value(instance, i), value, VALUE_BYTES);
    cells[0] = p->key;
    cells[1] = value_type_name(p->type);
    cells[2] = p->initial;
    cells[3] = p->range;
    cells[4] = value;
}

static void print_cells(const char *const cells[COLUMNS], const int widths[COLUMNS], int columns,
                        const char *last)
{
    for (int k = 0; k < columns; k++)
        printf("%-*s  ", widths[k], cells[k]);
    printf("%s\n", last);
}

static void print_params(const struct policy_instance *instance, bool with_values)
{
    static const char *const titles[COLUMNS] = { "key", "type", "default", "range", "value" };
    const char *cells[COLUMNS];
    char value[VALUE_BYTES];
    int widths[COLUMNS], columns = with_values ? COLUMNS : COLUMNS - 1;
    size_t n = instance->policy->n_params;

    for (int k = 0; k < COLUMNS; k++)
        widths[k] = (int)strlen(titles[k]);
    for (size_t i = 0; i < n; i++) {
        fill_cells(instance, i, value, cells);
        for (int k = 0; k < COLUMNS; k++)
            widths[k] = larger(widths[k], cells[k]);
    }
    print_cells(titles, widths, columns, "help");
    for (size_t i = 0; i < n; i++) {
        fill_cells(instance, i, value, cells);
        print_cells(cells, widths, columns, instance->policy->params[i].help);
    }
}

void policies_print_one(const struct policy_instance *instance, bool with_values)
{
    const struct policy *policy = instance->policy;

    printf("%s: %s\n", policy->table.name, policy->table.summary);
    if (policy->table.source)
        printf("source: %s\n", policy->table.source);
    printf("file: %s (policy ABI %u)\n\n", policy->path, policy->table.abi);
    if (policy->n_params)
        print_params(instance, with_values);
    else
        printf("It has no parameters.\n");
}

/* What both forms tell of a policy. */
static json_t *policy_json(const struct policy *policy)
{
    return json_pack("{so, so, so, so, sI}", "name", json_text(policy->table.name), "summary",
                     json_text(policy->table.summary), "source", json_text(policy->table.source),
                     "file", json_text(policy->path), "abi", (json_int_t)policy->table.abi);
}

/* Prints `json` in one line and lets it go. */
static int print_json(json_t *json)
{
    int r = json && json_dumpf(json, stdout, JSON_COMPACT) == 0 ? 0 : -ENOMEM;

    json_decref(json);
    if (!r)
        putchar('\n');
    return r;
}

int policies_print_list_json(const struct policies_row *rows, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        json_t *row = rows[i].policy ? policy_json(rows[i].policy)
                                     : json_pack("{so, so}", "file", json_text(rows[i].path),
                                                 "error", json_text(rows[i].error));
        json_array_append_new(list, row);
    }
    if (json_array_size(list) != n) {
        json_decref(list);
        list = NULL;
    }
    return print_json(list);
}

int policies_print_one_json(const struct policy_instance *instance)
{
    const struct policy *policy = instance->policy;
    const char *cells[COLUMNS];
    char value[VALUE_BYTES];
    json_t *one = policy_json(policy), *list = json_array();

    for (size_t i = 0; i < policy->n_params; i++) {
        fill_cells(instance, i, value, cells);
        json_array_append_new(list,
                              json_pack("{so, so, so, so, so, so}", "key", json_text(cells[0]),
                                        "type", json_text(cells[1]), "default", json_text(cells[2]),
                                        "range", json_text(cells[3]), "value", json_text(cells[4]),
                                        "help", json_text(policy->params[i].help)));
    }
    if (json_array_size(list) != policy->n_params || json_object_set(one, "parameters", list)) {
        json_decref(one);
        one = NULL;
    }
    json_decref(list);
    return print_json(one);
}
