/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/draft.h"

#include <errno.h>
#include <unistd.h>

static int errno_or_eio(void)
{
    return errno ? -errno : -EIO;
}

int draft_end(FILE *f, const char *draft, const char *path, int failed)
{
    int r = failed;

    if ((fflush(f) != 0 || ferror(f)) && r == 0)
        r = errno_or_eio();
    if (fclose(f) != 0 && r == 0)
        r = errno_or_eio();
    if (r == 0 && rename(draft, path) < 0)
        r = -errno;
    if (r < 0)
        unlink(draft);
    return r;
}
