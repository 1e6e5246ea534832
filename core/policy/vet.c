/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/vet.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/values.h"
#include "util/complain.h"

/* Where the structs of the first ABI ended; nothing that works is smaller. */
#define POLICY_MIN_BYTES offsetof(struct memcoord_policy, source)
#define PARAM_MIN_BYTES (offsetof(struct memcoord_param, reserved) + sizeof(uint32_t))

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool vet_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return length > 0 && length <= 40 && name[length] == '\0' && name[0] != '-';
}

static bool is_key(const char *key)
{
    size_t length = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return length > 0 && length <= 40 && key[length] == '\0' && key[0] >= 'a';
}

/* One line for people: there, not empty, no control characters. */
static bool is_line(const char *text)
{
    if (!text || !*text)
        return false;
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

/* Whether the file's name is NAME.so: `policy = NAME` and [policy NAME] must mean the same. */
static bool is_file_of(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    size_t length = strlen(name);

    return strncmp(file, name, length) == 0 && strcmp(file + length, ".so") == 0;
}

static int vet_versions(const char *path, const struct memcoord_policy *declared, char *error,
                        size_t error_size)
{
    if (declared->abi == 0)
        return complain(error, error_size, -EINVAL,
                        "%s: abi is 0; want 1 to %u, which MEMCOORD_POLICY() fills in", path,
                        MEMCOORD_ABI);
    if (declared->abi > MEMCOORD_ABI)
        return complain(error, error_size, -ENOTSUP,
                        "%s: built for policy ABI %u, but this memcoord has ABI %u; want a newer "
                        "memcoord",
                        path, declared->abi, MEMCOORD_ABI);
    if (declared->struct_size < POLICY_MIN_BYTES)
        return complain(
            error, error_size, -EINVAL,
            "%s: struct_size is %u; want at least %zu, which MEMCOORD_POLICY() fills in", path,
            declared->struct_size, POLICY_MIN_BYTES);
    return 0;
}

static int vet_table(const char *path, const struct memcoord_policy *table, char *error,
                     size_t error_size)
{
    if (!table->name || !vet_name(table->name))
        return complain(error, error_size, -EINVAL,
                        "%s: name is %s%.60s%s; want 1 to 40 of a-z, 0-9 and '-'", path,
                        table->name ? "'" : "", table->name ? table->name : "missing",
                        table->name ? "'" : "");
    if (!is_file_of(path, table->name))
        return complain(error, error_size, -EINVAL,
                        "%s: the policy calls itself '%s'; want the file's name to be %s.so", path,
                        table->name, table->name);
    if (!is_line(table->summary))
        return complain(error, error_size, -EINVAL, "%s: summary is missing; want one line of text",
                        path);
    if (table->source && !is_line(table->source))
        return complain(error, error_size, -EINVAL, "%s: source is not one line of text", path);
    if (!table->decide)
        return complain(error, error_size, -EINVAL, "%s: decide is missing", path);
    if (table->state_size > VET_MAX_STATE_BYTES)
        return complain(error, error_size, -EINVAL, "%s: state_size is %zu bytes; want at most %zu",
                        path, table->state_size, VET_MAX_STATE_BYTES);
    if (table->domain_state_size > VET_MAX_DOMAIN_STATE_BYTES)
        return complain(error, error_size, -EINVAL,
                        "%s: domain_state_size is %zu bytes; want at most %zu", path,
                        table->domain_state_size, VET_MAX_DOMAIN_STATE_BYTES);
    return 0;
}

static int copy_params(struct policy *policy, const struct memcoord_policy *table, char *error,
                       size_t error_size)
{
    size_t stride = table->param_size, n = 0;
    const char *row = (const char *)table->params;

    if (!row)
        return 0;
    if (stride < PARAM_MIN_BYTES || stride % alignof(struct memcoord_param) != 0)
        return complain(
            error, error_size, -EINVAL,
            "%s: param_size is %zu; want at least %zu, which MEMCOORD_POLICY() fills in",
            policy->path, stride, PARAM_MIN_BYTES);
    while (n <= VET_MAX_PARAMS && ((const struct memcoord_param *)(row + n * stride))->key)
        n++;
    if (n > VET_MAX_PARAMS)
        return complain(error, error_size, -EINVAL,
                        "%s: more than %d parameters; is MEMCOORD_PARAMS_END missing?",
                        policy->path, VET_MAX_PARAMS);
    policy->params = calloc(n + 1, sizeof(*policy->params));
    if (!policy->params)
        return complain(error, error_size, -ENOMEM, "%s: out of memory", policy->path);
    for (size_t i = 0; i < n; i++)
        memcpy(&policy->params[i], row + i * stride, min_size(stride, sizeof(*policy->params)));
    policy->n_params = n;
    return 0;
}

/* What is wrong with the place of parameter `i`, or NULL. */
static const char *misplaced(const struct policy *policy, size_t i)
{
    size_t offset = policy->params[i].offset, size = policy->table.state_size;

    if (offset % sizeof(uint64_t) != 0)
        return "its offset is not that of a uint64_t";
    if (size < sizeof(uint64_t) || offset > size - sizeof(uint64_t))
        return "its offset lies outside of the state; is state_size right?";
    for (size_t k = 0; k < i; k++)
        if (policy->params[k].offset == offset)
            return "another parameter has the same field";
    return NULL;
}

static int vet_param(const struct policy *policy, size_t i, char *error, size_t error_size)
{
    const struct memcoord_param *p = &policy->params[i];
    const char *path = policy->path, *wrong = NULL;
    char why[200];
    uint64_t value;

    if (!is_key(p->key))
        return complain(error, error_size, -EINVAL,
                        "%s: parameter '%.60s': want a key of a-z, 0-9 and '_', a letter first",
                        path, p->key);
    for (size_t k = 0; k < i; k++)
        if (strcmp(policy->params[k].key, p->key) == 0)
            wrong = "it is there twice";
    if (p->type < MEMCOORD_TYPE_SIZE || p->type > MEMCOORD_TYPE_CHOICE)
        wrong = "its type is none of enum memcoord_param_type";
    else if (!is_line(p->initial) || !is_line(p->range) || !is_line(p->help))
        wrong = "its default, range or help is missing";
    else if (p->reserved != 0)
        wrong = "its reserved field is not 0";
    if (!wrong)
        wrong = misplaced(policy, i);
    if (wrong)
        return complain(error, error_size, -EINVAL, "%s: parameter '%s': %s", path, p->key, wrong);
    if (value_check_range(p->type, p->range, why, sizeof(why)))
        return complain(error, error_size, -EINVAL, "%s: parameter '%s': range '%s': %s", path,
                        p->key, p->range, why);
    if (value_parse(p->type, p->range, p->initial, &value, why, sizeof(why)))
        return complain(error, error_size, -EINVAL, "%s: parameter '%s': default: %s", path, p->key,
                        why);
    return 0;
}

void vet_write_defaults(const struct policy *policy, void *state)
{
    char why[200];

    for (size_t i = 0; i < policy->n_params; i++) {
        const struct memcoord_param *p = &policy->params[i];
        uint64_t value = 0;
        /* it did parse when it was vetted */
        value_parse(p->type, p->range, p->initial, &value, why, sizeof(why));
        memcpy((char *)state + p->offset, &value, sizeof(value));
    }
}

static int vet_defaults(const struct policy *policy, char *error, size_t error_size)
{
    const char *wrong;
    int r = 0;
    void *state;

    if (!policy->table.check)
        return 0;
    state = calloc(1, policy->table.state_size + 1);
    if (!state)
        return complain(error, error_size, -ENOMEM, "%s: out of memory", policy->path);
    vet_write_defaults(policy, state);
    wrong = policy->table.check(state);
    if (wrong)
        r = complain(error, error_size, -EINVAL, "%s: its own check refuses the defaults: %.200s",
                     policy->path, wrong);
    free(state);
    return r;
}

int vet_policy(struct policy *policy, const struct memcoord_policy *declared, char *error,
               size_t error_size)
{
    int r = vet_versions(policy->path, declared, error, error_size);
    if (r)
        return r;

    memset(&policy->table, 0, sizeof(policy->table));
    memcpy(&policy->table, declared, min_size(declared->struct_size, sizeof(policy->table)));
    r = vet_table(policy->path, &policy->table, error, error_size);
    if (!r)
        r = copy_params(policy, &policy->table, error, error_size);
    for (size_t i = 0; !r && i < policy->n_params; i++)
        r = vet_param(policy, i, error, error_size);
    if (!r)
        r = vet_defaults(policy, error, error_size);
    if (!r)
        policy->table.params = policy->params; /* so that nobody walks the other by our stride */
    return r;
}
