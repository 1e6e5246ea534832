/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/object.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/complain.h"

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
    if (size > OBJECT_MAX_BYTES)
        return complain(error, error_size, -EFBIG, "%s: the file has %llu MiB; want at most %llu",
                        path, (unsigned long long)(size >> 20),
                        (unsigned long long)(OBJECT_MAX_BYTES >> 20));
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

/* ---- what it needs */

typedef ElfW(Phdr) elf_segment;
typedef ElfW(Dyn) elf_entry;

/* The first segment of `type` that, if it is one to load, holds `address`. */
static bool find_segment(int fd, uint32_t type, uint64_t address, elf_segment *segment)
{
    ElfW(Ehdr) header;
    bool there = reads(fd, &header, sizeof(header), 0);

    for (size_t i = 0; there && i < header.e_phnum; i++) {
        there = reads(fd, segment, sizeof(*segment), header.e_phoff + i * sizeof(*segment));
        if (there && segment->p_type == type &&
            (type != PT_LOAD || address - segment->p_vaddr < segment->p_filesz))
            return true;
    }
    return false;
}

/* Entry `i` of the dynamic section; false at its end. */
static bool read_entry(int fd, const elf_segment *dynamic, uint64_t i, elf_entry *entry)
{
    return i < dynamic->p_filesz / sizeof(*entry) &&
           reads(fd, entry, sizeof(*entry), dynamic->p_offset + i * sizeof(*entry)) &&
           entry->d_tag != DT_NULL;
}

static bool read_name(int fd, uint64_t offset, char *name, size_t size)
{
    ssize_t n = pread(fd, name, size, (off_t)offset);

    return n > 0 && memchr(name, '\0', (size_t)n);
}

int object_libraries(int fd, int (*each)(const char *name, void *arg), void *arg)
{
    elf_segment dynamic, loaded;
    elf_entry entry;
    uint64_t names = 0;
    char name[NAME_MAX + 1];
    int r = 0;

    if (!find_segment(fd, PT_DYNAMIC, 0, &dynamic))
        return 0;
    for (uint64_t i = 0; read_entry(fd, &dynamic, i, &entry); i++)
        if (entry.d_tag == DT_STRTAB)
            names = entry.d_un.d_ptr;
    if (!find_segment(fd, PT_LOAD, names, &loaded))
        return 0;
    for (uint64_t i = 0; r == 0 && read_entry(fd, &dynamic, i, &entry); i++)
        if (entry.d_tag == DT_NEEDED &&
            read_name(fd, names - loaded.p_vaddr + loaded.p_offset + entry.d_un.d_val, name,
                      sizeof(name)))
            r = each(name, arg);
    return r;
}
