/* SPDX-License-Identifier: BSD-3-Clause */
/* Heads, load and check. */
#include "policy/wire.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define NO_TEXT UINT64_MAX

int wire_read_head(const void *bytes, size_t size, struct wire_head *head)
{
    struct wire_head read;

    if (size != sizeof(read))
        return -EBADMSG;
    memcpy(&read, bytes, sizeof(read));
    if (read.call < WIRE_LOAD || read.call > WIRE_DECIDE || read.reserved != 0)
        return -EBADMSG;
    *head = read;
    return 0;
}

int wire_read_load(const void *bytes, size_t size, struct wire_load *load)
{
    if (size != sizeof(*load) ||
        !memchr((const char *)bytes + offsetof(struct wire_load, path), '\0', WIRE_PATH_BYTES))
        return -EBADMSG;
    memcpy(load, bytes, sizeof(*load));
    return 0;
}

int wire_read_text(const void *bytes, size_t size, char *text, size_t text_size)
{
    const char *end = size ? memchr(bytes, '\0', size) : NULL;
    size_t length;

    if (!end)
        return -EBADMSG;
    length = (size_t)(end - (const char *)bytes);
    if (length > text_size - 1)
        length = text_size - 1;
    memcpy(text, bytes, length);
    text[length] = '\0';
    return 0;
}

/* ---- one thing after the other */

struct writer {
    char *bytes;
    size_t size, used; /* used > size: it did not fit */
};

static void put(struct writer *w, const void *bytes, size_t size)
{
    if (w->used <= w->size && size <= w->size - w->used)
        memcpy(w->bytes + w->used, bytes, size);
    w->used += size;
}

static void put_number(struct writer *w, uint64_t number)
{
    put(w, &number, sizeof(number));
}

static void put_text(struct writer *w, const char *text)
{
    put_number(w, text ? strlen(text) : NO_TEXT);
    if (text)
        put(w, text, strlen(text) + 1);
}

struct reader {
    const char *at;
    size_t left;
    int failed;
};

static const char *get(struct reader *r, size_t size)
{
    const char *at = r->at;

    if (r->failed || size > r->left) {
        r->failed = -EBADMSG;
        return NULL;
    }
    r->at += size;
    r->left -= size;
    return at;
}

static uint64_t get_number(struct reader *r)
{
    const char *at = get(r, sizeof(uint64_t));
    uint64_t number = 0;

    if (at)
        memcpy(&number, at, sizeof(number));
    return number;
}

static uint32_t get_number32(struct reader *r)
{
    uint64_t number = get_number(r);

    if (number > UINT32_MAX)
        r->failed = -EBADMSG;
    return (uint32_t)number;
}

static const char *get_text(struct reader *r)
{
    uint64_t length = get_number(r);
    const char *text;

    if (r->failed || length == NO_TEXT)
        return NULL;
    if (length >= r->left) {
        r->failed = -EBADMSG;
        return NULL;
    }
    text = get(r, (size_t)length + 1);
    if (text[length] != '\0' || strlen(text) != length) {
        r->failed = -EBADMSG;
        return NULL;
    }
    return text;
}

/* ---- what a policy declares */

size_t wire_write_loaded(const struct wire_loaded *loaded, const struct memcoord_param *params,
                         void *bytes, size_t size)
{
    const struct memcoord_policy *table = &loaded->table;
    struct writer w = { .bytes = bytes, .size = size };

    put_number(&w, (uint64_t) - (int64_t)loaded->failed);
    put_text(&w, loaded->error ? loaded->error : "");
    put_text(&w, loaded->refused ? loaded->refused : "");
    put_number(&w, loaded->has_check);
    put_number(&w, table->abi);
    put_number(&w, table->state_size);
    put_number(&w, table->domain_state_size);
    put_number(&w, table->state_version);
    put_text(&w, table->name);
    put_text(&w, table->summary);
    put_text(&w, table->source);
    put_number(&w, loaded->n_params);
    for (size_t i = 0; i < loaded->n_params; i++) {
        put_number(&w, params[i].type);
        put_number(&w, params[i].offset);
        put_text(&w, params[i].key);
        put_text(&w, params[i].initial);
        put_text(&w, params[i].range);
        put_text(&w, params[i].help);
    }
    return w.used;
}

static void read_param(struct reader *r, struct memcoord_param *param)
{
    param->type = get_number32(r);
    param->offset = get_number(r);
    param->key = get_text(r);
    param->initial = get_text(r);
    param->range = get_text(r);
    param->help = get_text(r);
    if (!param->key) /* it would end the table */
        r->failed = -EBADMSG;
}

static void read_table(struct reader *r, struct memcoord_policy *table)
{
    table->abi = get_number32(r);
    table->state_size = get_number(r);
    table->domain_state_size = get_number(r);
    table->state_version = get_number(r);
    table->name = get_text(r);
    table->summary = get_text(r);
    table->source = get_text(r);
}

int wire_read_loaded(const void *bytes, size_t size, struct wire_loaded *loaded,
                     struct memcoord_param *params, size_t max_params)
{
    struct reader r = { .at = bytes, .left = size };
    struct wire_loaded read = { 0 };
    uint64_t failed = get_number(&r), n;

    read.error = get_text(&r);
    read.refused = get_text(&r);
    read.has_check = get_number32(&r);
    read_table(&r, &read.table);
    n = get_number(&r);
    if (failed >= 4096 || n > max_params || !read.error || !read.refused)
        return -EBADMSG;
    read.failed = -(int)failed;
    read.n_params = (size_t)n;
    for (size_t i = 0; i < read.n_params; i++) {
        params[i] = (struct memcoord_param){ 0 };
        read_param(&r, &params[i]);
    }
    if (r.failed || r.left)
        return -EBADMSG;
    *loaded = read;
    return 0;
}
