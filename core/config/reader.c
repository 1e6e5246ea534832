/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/reader.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/seen.h"

/* inih cuts longer names silently (MAX_SECTION, 50 with the final NUL). */
#define READER_SECTION_MAX 49

#define BLANKS " \t"

struct reader {
    FILE *stream;
    const char *file;
    struct problems *problems;
    int (*each)(void *arg, const struct reader_entry *entry);
    void *arg;
    int line;                             /* the one that inih works on */
    bool expects_entry;                   /* it is a `key = value`, unless inih finds none */
    bool in_section;                      /* false before the first one */
    bool skip;                            /* the section's own line was wrong */
    char section[READER_SECTION_MAX + 1]; /* its first word, NUL, the rest */
    const char *name;                     /* the rest, in `section`; NULL if there is none */
    char comment[INI_MAX_LINE];           /* behind the value; empty if there is none */
    struct seen_list sections, keys;      /* of the file; of the present section */
    int error;                            /* a negative errno that ends it all */
};

#define reader_problem(reader, ...) \
    problems_add((reader)->problems, (reader)->file, (reader)->line, __VA_ARGS__)

static void reader_pass(struct reader *reader, const char *key, const char *value)
{
    struct reader_entry entry = { .kind = reader->section,
                                  .name = reader->name,
                                  .key = key,
                                  .value = value,
                                  .comment = key && *reader->comment ? reader->comment : NULL,
                                  .line = reader->line };

    if (!reader->error)
        reader->error = reader->each(reader->arg, &entry);
}

static bool reader_is_quoted(const char *text)
{
    return *text == '"' || *text == '\'';
}

/* ---- sections */

/* Where the name in "[name] ; comment" ends; NULL, with the problem said, if it does not. As inih
 * does it: blank and ';' begin a comment even there. */
static const char *reader_section_end(struct reader *reader, const char *name)
{
    const char *end = name;
    const char *rest;

    while (*end && *end != ']' && !(*end == ';' && strchr(BLANKS, end[-1])))
        end++;
    if (*end != ']') {
        reader_problem(reader, "the section's name has no ']' at its end");
        return NULL;
    }
    rest = end + 1 + strspn(end + 1, BLANKS);
    if (*rest && (*rest != ';' || rest == end + 1)) {
        reader_problem(reader,
                       "'%s' after the section's name: want [NAME] alone in its line, and "
                       "no ']' in the name",
                       rest);
        return NULL;
    }
    return end;
}

/* Splits "domain  web*" into its first word and the rest. */
static void reader_split_section(struct reader *reader)
{
    char *blank = strpbrk(reader->section, BLANKS);

    reader->name = NULL;
    if (blank) {
        *blank++ = '\0';
        reader->name = blank + strspn(blank, BLANKS);
    }
}

static bool reader_new_section(struct reader *reader)
{
    char whole[READER_SECTION_MAX + 2];
    int before;

    snprintf(whole, sizeof(whole), "%s%s%s", reader->section, reader->name ? " " : "",
             reader->name ? reader->name : "");
    before = seen_before(&reader->sections, whole, reader->line);
    if (before < 0)
        reader->error = before;
    if (before > 0)
        reader_problem(reader, "the section [%s] stands in line %d already: join them", whole,
                       before);
    return before == 0;
}

/* Takes the name of a section apart; false, with the problem said, if it is none. */
static bool reader_name_is_good(struct reader *reader)
{
    size_t length = strlen(reader->section);

    if (length == 0 || strspn(reader->section, BLANKS) > 0 ||
        strchr(BLANKS, reader->section[length - 1]) || strchr(reader->section, '[')) {
        reader_problem(reader,
                       "'[%s]' is no section's name: want [NAME] without blanks beside the "
                       "brackets, and no brackets in the name",
                       reader->section);
        return false;
    }
    reader_split_section(reader);
    if (!reader_is_quoted(reader->section) && !(reader->name && reader_is_quoted(reader->name)))
        return true;
    reader_problem(reader, "the section has a name in quotes: write it without");
    return false;
}

/* "[...]": true if inih may have it. */
static bool reader_section(struct reader *reader, const char *text)
{
    const char *end = reader_section_end(reader, text + 1);
    size_t length = end ? (size_t)(end - text - 1) : 0;

    reader->in_section = true;
    reader->skip = true;
    seen_clear(&reader->keys);
    if (!end)
        return false;
    if (length > READER_SECTION_MAX) {
        reader_problem(reader, "the section's name is %zu bytes long: at most %d are allowed",
                       length, READER_SECTION_MAX);
        return false;
    }
    memcpy(reader->section, text + 1, length);
    reader->section[length] = '\0';
    reader->skip = !reader_name_is_good(reader) || !reader_new_section(reader);
    if (!reader->skip)
        reader_pass(reader, NULL, NULL);
    return !reader->skip;
}

/* ---- lines */

/* Reads one line into `text`, without its end. What is beyond `room` is dropped and makes *cut
 * true. False at the end of the file. */
static bool reader_take_line(struct reader *reader, char *text, size_t room, bool *cut)
{
    size_t n = 0;
    int c;

    *cut = false;
    while ((c = getc(reader->stream)) != EOF && c != '\n' && c != '\0') {
        if (n + 1 < room)
            text[n++] = (char)c;
        else if (c != '\r')
            *cut = true;
    }
    reader->line++;
    if (c == '\0') {
        reader_problem(reader, "a NUL byte: this is no text");
        reader->error = -EINVAL;
        return false;
    }
    while (n > 0 && strchr(BLANKS "\r", text[n - 1]))
        n--;
    text[n] = '\0';
    return c != EOF || n > 0;
}

static bool reader_has_control(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
            return true;
    return false;
}

/* inih drops what stands behind the value after a blank and ';'. */
static void reader_keep_comment(struct reader *reader, const char *text)
{
    const char *at = text;

    while (*at && !(*at == ';' && at > text && strchr(BLANKS, at[-1])))
        at++;
    at += *at == ';';
    snprintf(reader->comment, sizeof(reader->comment), "%s", at + strspn(at, BLANKS));
}

/* Looks at a line before inih does; true if inih may have it. */
static bool reader_line(struct reader *reader, const char *text, bool cut, int room)
{
    const char *start = text + strspn(text, BLANKS);

    if (!*start || strchr(";#", *start))
        return true;
    if (cut) {
        reader_problem(reader, "the line is too long: at most %d bytes are allowed", room - 1);
        /* Its section is unknown then, and its keys are no one's. */
        reader->skip = reader->skip || *start == '[';
    } else if (reader_has_control(start)) {
        reader_problem(reader, "the line holds a control character");
        reader->skip = reader->skip || *start == '[';
    } else if (start > text) {
        reader_problem(reader, "the line is indented, which would make it a second value of the "
                               "key above: begin it in the first column");
        reader->skip = reader->skip || *start == '[';
    } else if (*start == '[') {
        return reader_section(reader, start);
    } else {
        reader->expects_entry = true;
        reader_keep_comment(reader, start);
        return true;
    }
    return false;
}

/* After a line was inih's: did it find what it looked like? */
static void reader_finish_line(struct reader *reader)
{
    if (reader->expects_entry && !reader->skip)
        reader_problem(reader, "the line has no '=': want key = value");
    reader->expects_entry = false;
}

/* Stands in for fgets(): inih calls it for each line. */
static char *reader_next(char *text, int room, void *arg)
{
    struct reader *reader = arg;
    bool cut;
    int bom;

    reader_finish_line(reader);
    if (reader->error || room < 2 || !reader_take_line(reader, text, (size_t)room, &cut))
        return NULL;
    bom = reader->line == 1 && strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (!reader_line(reader, text + bom, cut, room))
        text[0] = '\0';
    return text;
}

/* ---- keys */

/* What is wrong with a value in any section; NULL if nothing. */
static const char *reader_judge_value(const char *value)
{
    if (!*value)
        return "has no value";
    if (reader_is_quoted(value))
        return "has a value in quotes: write it without";
    if (*value == '#' || *value == ';')
        return "has a comment for its value: want key = value ; comment";
    for (const char *p = value; *p; p++)
        if (*p == '#' && strchr(BLANKS, p[-1]))
            return "has a '#' in its value: a comment after a value begins with ' ;'";
    return NULL;
}

static bool reader_key_is_good(struct reader *reader, const char *key, const char *value)
{
    const char *wrong = reader_judge_value(value);
    int before;

    if (!reader->in_section) {
        reader_problem(reader, "'%s' stands before any [section]", key);
        return false;
    }
    if (!*key) {
        reader_problem(reader, "there is no key before the '=': want key = value");
        return false;
    }
    before = seen_before(&reader->keys, key, reader->line);
    if (before < 0)
        reader->error = before;
    if (before > 0)
        reader_problem(reader, "'%s' stands in line %d already, in the same section", key, before);
    if (wrong)
        reader_problem(reader, "'%s' %s", key, wrong);
    return before == 0 && !wrong;
}

/* inih calls it for each key. The section is the one that the reader let through last. */
static int reader_key(void *arg, const char *section, const char *key, const char *value)
{
    struct reader *reader = arg;

    (void)section;
    reader->expects_entry = false;
    if (!reader->skip && !reader->error && reader_key_is_good(reader, key, value))
        reader_pass(reader, key, value);
    return 1;
}

/* ---- the interface */

static int reader_run(struct reader *reader)
{
    size_t n_problems = reader->problems->n;
    int line = ini_parse_stream(reader_next, reader, reader_key, reader);

    if (ferror(reader->stream)) {
        int error = errno ? errno : EIO;
        problems_add(reader->problems, reader->file, 0, "can't be read: %s", strerror(error));
        return -error;
    }
    if (line < 0)
        return -ENOMEM;
    if (line > 0 && reader->problems->n == n_problems) /* nothing that is known to happen */
        problems_add(reader->problems, reader->file, line, "the line is not understood");
    return reader->error;
}

/* Reads `stream` and closes it; NULL, if it could not be opened. */
static int reader_read_stream(FILE *stream, struct reader *reader)
{
    int r;

    if (!stream) {
        r = -errno;
        problems_add(reader->problems, reader->file, 0, "can't be opened: %s", strerror(-r));
        return r;
    }
    reader->stream = stream;
    r = reader_run(reader);
    fclose(stream);
    seen_clear(&reader->sections);
    seen_clear(&reader->keys);
    return r;
}

int reader_read(const char *file, struct problems *problems,
                int (*each)(void *arg, const struct reader_entry *entry), void *arg)
{
    struct reader reader = { .file = file, .problems = problems, .each = each, .arg = arg };

    return reader_read_stream(fopen(file, "re"), &reader);
}

int reader_read_text(const char *text, const char *name, struct problems *problems,
                     int (*each)(void *arg, const struct reader_entry *entry), void *arg)
{
    struct reader reader = { .file = name, .problems = problems, .each = each, .arg = arg };
    const char *bytes = *text ? text : "\n"; /* there is no stream of nothing */

    return reader_read_stream(fmemopen((char *)(uintptr_t)bytes, strlen(bytes), "r"), &reader);
}
