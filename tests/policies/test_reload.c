/* SPDX-License-Identifier: BSD-3-Clause */
/* A file that is replaced while memcoord runs, and loaded again, is the new code. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/loader.h"

static char folder[] = "/tmp/memcoord-reload-XXXXXX";

/* Builds FOLDER/new.so, with `summary`, and has `put` make that FOLDER/replaced.so. */
static void build_and(const char *put, const char *summary, const char *flags)
{
    const char *top = getenv("MEMCOORD_TOP"), *cc = getenv("CC");
    char command[1024], source[128];
    FILE *file;

    snprintf(source, sizeof(source), "%s/replaced.c", folder);
    file = fopen(source, "w");
    assert_non_null(file);
    fprintf(
        file,
        "#include <memcoord/policy.h>\n"
        "static int decide(void *t, const struct memcoord_snapshot *s, struct memcoord_plan *p)\n"
        "{ (void)t; (void)s; (void)p; return 0; }\n"
        "MEMCOORD_POLICY(.name = \"replaced\", .summary = \"%s\", .decide = decide);\n",
        summary);
    assert_int_equal(fclose(file), 0);
    snprintf(command, sizeof(command),
             "cd %s && %s -I%s/include -fPIC -shared %s replaced.c -o new.so && "
             "chmod 755 new.so && %s && rm -f new.so",
             folder, cc ? cc : "cc", top ? top : ".", flags, put);
    assert_int_equal(system(command), 0);
}

/* Another file of the same name. */
static void build(const char *summary, const char *flags)
{
    build_and("mv new.so replaced.so", summary, flags);
}

static struct policy *load(void)
{
    struct policy *policy = NULL;
    char error[512] = "";

    if (policy_load("replaced", folder, &policy, error, sizeof(error)))
        fail_msg("%s", error);
    return policy;
}

static void beside_the_old_one_it_is_the_new_one(void **state)
{
    (void)state;
    build("the first", "");
    struct policy *first = load();
    build("the second", "");
    struct policy *second = load();

    assert_string_equal(first->table.summary, "the first");
    assert_string_equal(second->table.summary, "the second");
    assert_true(first->table.decide != second->table.decide);
    policy_unload(first);
    assert_string_equal(second->table.summary, "the second");
    policy_unload(second);
}

static void after_the_old_one_it_is_the_new_one(void **state)
{
    (void)state;
    build("the first", "");
    policy_unload(load());
    build("the second", "");
    struct policy *second = load();

    assert_string_equal(second->table.summary, "the second");
    policy_unload(second);
}

/* Some objects can't be unloaded: the linker goes on to know them by the name that it opened. */
static void after_one_that_stays_it_is_the_new_one(void **state)
{
    (void)state;
    build("the one that stays", "-Wl,-z,nodelete");
    policy_unload(load());
    build("the second", "");
    struct policy *second = load();

    assert_string_equal(second->table.summary, "the second");
    policy_unload(second);
}

/* What is called is in the pages of the file, which are read when they are touched first. */
static void decides(const struct policy *policy)
{
    assert_int_equal(policy->table.decide(NULL, NULL, NULL), 0);
}

static void one_whose_file_is_written_to_stays_whole(void **state)
{
    (void)state;
    build("the first", "");
    struct policy *first = load();
    /* longer, so that nothing is where it was */
    build_and("cp new.so replaced.so", "the second", "-Wl,--section-start=.text=0x40000");
    decides(first);
    assert_string_equal(first->table.summary, "the first");
    struct policy *second = load();

    assert_string_equal(second->table.summary, "the second");
    decides(second);
    policy_unload(first);
    policy_unload(second);
}

static void one_whose_file_is_cut_stays_whole(void **state)
{
    (void)state;
    build("the first", "");
    struct policy *first = load();
    build_and(": > replaced.so", "nothing", "");
    decides(first);
    policy_unload(first);
}

static int count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* Reloading loads the new one before it lets the old one go; here it is the same file each time. */
static void no_descriptor_is_left_open(void **state)
{
    (void)state;
    build("the same", "");
    int before = count_descriptors();
    struct policy *policy = load();
    assert_int_equal(count_descriptors(), before + 1);
    for (int i = 0; i < 50; i++) {
        struct policy *next = load();
        policy_unload(policy);
        policy = next;
        assert_string_equal(policy->table.summary, "the same");
    }
    policy_unload(policy);
    assert_int_equal(count_descriptors(), before);

    build("another", "");
    policy = load();
    assert_string_equal(policy->table.summary, "another");
    policy_unload(policy);
}

static int make_folder(void **state)
{
    (void)state;
    umask(022);
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "replaced.c", "replaced.so" };
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beside_the_old_one_it_is_the_new_one),
        cmocka_unit_test(after_the_old_one_it_is_the_new_one),
        cmocka_unit_test(after_one_that_stays_it_is_the_new_one),
        cmocka_unit_test(one_whose_file_is_written_to_stays_whole),
        cmocka_unit_test(one_whose_file_is_cut_stays_whole),
        cmocka_unit_test(no_descriptor_is_left_open),
    };
    return cmocka_run_group_tests_name("reload", tests, make_folder, remove_folder);
}
