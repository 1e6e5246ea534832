/* SPDX-License-Identifier: BSD-3-Clause */
/* The Makefile tells the assembler where the files are (-I core/report, CHART_JS), and what depends on them. */
#include "report/page_parts.h"

#define EMBED(name, file)                            \
    __asm__(".section .rodata\n" #name "_begin:\n"   \
            ".incbin \"" file "\"\n" #name "_end:\n" \
            ".byte 0\n"                              \
            ".previous\n");                          \
    extern const char name##_begin[], name##_end[]

EMBED(page_html, "core/report/page.html");
EMBED(page_css, "core/report/page.css");
EMBED(page_js, "core/report/page.js");
EMBED(chart_js, CHART_JS);

const struct page_part page_parts[] = {
    { "page.html", page_html_begin, page_html_end },
    { "page.css", page_css_begin, page_css_end },
    { "page.js", page_js_begin, page_js_end },
    { "chart.js", chart_js_begin, chart_js_end },
    { NULL, NULL, NULL },
};
