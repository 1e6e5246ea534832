/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/page.h"

#include <errno.h>
#include <string.h>

#include "report/page_parts.h"

/* In JSON these three stand in texts alone, where they may be written as \u00XX. */
static int put_escaped(const char *text, size_t size, void *to)
{
    FILE *f = to;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '<' || text[i] == '>' || text[i] == '&')
            fprintf(f, "\\u%04x", (unsigned)text[i]);
        else
            fputc(text[i], f);
    }
    return ferror(f) ? -1 : 0;
}

int page_write_json(FILE *f, json_t *json)
{
    if (json_dump_callback(json, put_escaped, f, JSON_COMPACT | JSON_ENSURE_ASCII) == 0)
        return 0;
    return ferror(f) ? -EIO : -ENOMEM;
}

static const struct page_part *part(const char *name, size_t size)
{
    for (const struct page_part *p = page_parts; p->name; p++)
        if (strlen(p->name) == size && memcmp(p->name, name, size) == 0)
            return p;
    return NULL;
}

static void put(FILE *f, const char *begin, const char *end)
{
    fwrite(begin, 1, (size_t)(end - begin), f);
}

/* What {{NAME}} stands for: the file of that name, else the data. */
static int put_named(FILE *f, const char *name, const char *end, json_t *data)
{
    const struct page_part *p = part(name, (size_t)(end - name));

    if (!p)
        return page_write_json(f, data);
    put(f, p->begin, p->end);
    return 0;
}

int page_write(FILE *f, json_t *data)
{
    const struct page_part *frame = part("page.html", strlen("page.html"));
    const char *at = frame->begin, *mark, *end;
    int r = 0;

    while (r == 0 && (mark = memmem(at, (size_t)(frame->end - at), "{{", 2))) {
        end = memmem(mark, (size_t)(frame->end - mark), "}}", 2);
        if (!end)
            break;
        put(f, at, mark);
        r = put_named(f, mark + 2, end, data);
        at = end + 2;
    }
    put(f, at, frame->end);
    return r < 0 ? r : ferror(f) ? -EIO : 0;
}
