/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/object.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/complain.h"

/* It is copied into memory, and one with holes may be as large as it likes. */
#define MAX_BYTES (UINT64_C(64) << 20)

static bool reads(int fd, void *to, size_t size, uint64_t offset)
{
    return pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

/* The machine of this very program, so that no list of machines is needed. */
static bool same_machine(const ElfW(Ehdr) * header)
{
    ElfW(Ehdr) self;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool same = fd < 0 || !reads(fd, &self, sizeof(self), 0) || self.e_machine == header->e_machine;

    if (fd >= 0)
        close(fd);
    return same;
}

int object_check(int fd, const char *path, char *error, size_t error_size)
{
    struct stat st;
    ElfW(Ehdr) header;
    ElfW(Phdr) segment;

    if (fstat(fd, &st) || !reads(fd, &header, sizeof(header), 0) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return complain(error, error_size, -ENOEXEC, "%s: not a shared object (no ELF header)",
                        path);
    if (header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        header.e_type != ET_DYN || header.e_phentsize != sizeof(segment) || !same_machine(&header))
        return complain(error, error_size, -ENOEXEC,
                        "%s: not a shared object for this machine; want one that was linked with "
                        "-shared",
                        path);

    uint64_t size = (uint64_t)st.st_size;
    if (size > MAX_BYTES)
        return complain(error, error_size, -EFBIG, "%s: the file has %llu MiB; want at most %llu",
                        path, (unsigned long long)(size >> 20),
                        (unsigned long long)(MAX_BYTES >> 20));
    bool whole = header.e_shoff <= size &&
                 (uint64_t)header.e_shnum * header.e_shentsize <= size - header.e_shoff;
    for (size_t i = 0; whole && i < header.e_phnum; i++) {
        whole = header.e_phoff <= size &&
                reads(fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)) &&
                (segment.p_type != PT_LOAD ||
                 (segment.p_offset <= size && segment.p_filesz <= size - segment.p_offset));
    }
    if (!whole)
        return complain(error, error_size, -ENOEXEC,
                        "%s: the file is cut short: it ends after %llu bytes, before what its "
                        "headers promise",
                        path, (unsigned long long)size);
    return 0;
}
