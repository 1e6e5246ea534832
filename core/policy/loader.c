/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/copy.h"
#include "policy/find.h"
#include "policy/object.h"
#include "policy/process.h"
#include "policy/trust.h"
#include "policy/vet.h"
#include "util/complain.h"

#define LINKER_NAME_BYTES 128

/* A name under which the linker opens exactly the file behind `fd`. Of a name that it knows already,
 * a path or the number of a descriptor that was used before, it gives back the old code: so no name
 * comes twice. They differ in how they write the same path, with "/" or "./" for each bit of a
 * serial number. */
static void linker_name(int fd, char name[static LINKER_NAME_BYTES])
{
    static atomic_uint last_serial;
    unsigned serial = ++last_serial;
    size_t used = (size_t)snprintf(name, LINKER_NAME_BYTES, "/proc/self/fd/");

    for (; serial; serial >>= 1)
        used += (size_t)snprintf(name + used, LINKER_NAME_BYTES - used, serial & 1 ? "./" : "/");
    snprintf(name + used, LINKER_NAME_BYTES - used, "%d", fd);
}

/* What the linker complains about, without the name that it knows the file by. */
static const char *linker_error(const char *known_as)
{
    const char *text = dlerror();
    size_t length = strlen(known_as);

    if (!text)
        return "unknown error of the dynamic linker";
    if (strncmp(text, known_as, length) == 0 && strncmp(text + length, ": ", 2) == 0)
        text += length + 2;
    return text;
}

static int link_object(struct policy *policy, char *error, size_t error_size)
{
    char name[LINKER_NAME_BYTES];

    linker_name(policy->fd, name);
    policy->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!policy->handle)
        return complain(error, error_size, -ENOEXEC, "%s: %s", policy->path, linker_error(name));
    return 0;
}

/* The size of the symbol that `address` belongs to, as the object's symbol table has it. */
static size_t symbol_size(const void *address)
{
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;

    if (!dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol)
        return 0;
    return symbol->st_size;
}

static int read_table(struct policy *policy, char *error, size_t error_size)
{
    const struct memcoord_policy *declared = dlsym(policy->handle, "memcoord_plugin");
    if (!declared)
        return complain(error, error_size, -ENOEXEC,
                        "%s: exports no memcoord_plugin; want one MEMCOORD_POLICY(...)",
                        policy->path);

    /* a symbol that is too small for what it says must not be read */
    size_t size = symbol_size(declared);
    if (size < sizeof(declared->abi) + sizeof(declared->struct_size) ||
        size < declared->struct_size)
        return complain(error, error_size, -EINVAL,
                        "%s: memcoord_plugin has %zu bytes, which is no struct memcoord_policy",
                        policy->path, size);
    return vet_policy(policy, declared, error, error_size);
}

int policy_open(const char *name, const char *policy_path, struct policy **policy, char *error,
                size_t error_size)
{
    struct policy *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return complain(error, error_size, -ENOMEM, "%s: out of memory", name);

    opened->fd = -1;
    int r = find_policy(name, policy_path, &opened->path, error, error_size);
    if (!r)
        r = trust_open(opened->path, &opened->fd, error, error_size);
    if (!r)
        r = object_check(opened->fd, opened->path, error, error_size);
    if (!r) /* and what is copied is checked: the file may be written to meanwhile */
        r = copy_privately(&opened->fd, opened->path, error, error_size);
    if (!r)
        r = object_check(opened->fd, opened->path, error, error_size);
    if (r)
        policy_unload(opened);
    else
        *policy = opened;
    return r;
}

int policy_link(struct policy *policy, char *error, size_t error_size)
{
    int r = link_object(policy, error, error_size);

    return r ? r : read_table(policy, error, error_size);
}

int policy_load(const char *name, const char *policy_path, struct policy **policy, char *error,
                size_t error_size)
{
    struct policy *loaded;
    int r = policy_open(name, policy_path, &loaded, error, error_size);
    if (r)
        return r;

    r = policy_link(loaded, error, error_size);
    if (r)
        policy_unload(loaded);
    else
        *policy = loaded;
    return r;
}

void policy_unload(struct policy *policy)
{
    if (!policy)
        return;
    policy_process_free(policy->process);
    if (policy->handle)
        dlclose(policy->handle);
    if (policy->fd >= 0)
        close(policy->fd);
    free(policy->params);
    free(policy->path);
    free(policy);
}
