/* SPDX-License-Identifier: GPL-2.0-or-later */
/* At build time: embed OUT.c NAME FILE [NAME FILE]...: each file as a constant text of that name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_char(FILE *out, int c)
{
        if (c == '\n')
                (void)fputs("\\n\"\n        \"", out);
        else if (c == '"' || c == '\\')
                (void)fprintf(out, "\\%c", c);
        else
                (void)fprintf(out, c >= ' ' && c < 0x7f ? "%c" : "\\%03o", c);
}

static int embed(FILE *out, const char *name, const char *path)
{
        FILE *in = fopen(path, "re");
        int c;

        if (!in) {
                (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
                return -1;
        }
        (void)fprintf(out, "const char %s[] =\n        \"", name);
        while ((c = fgetc(in)) != EOF)
                write_char(out, c);
        (void)fputs("\";\n", out);
        (void)fclose(in);
        return 0;
}

int main(int argc, char **argv)
{
        FILE *out = argc > 3 && argc % 2 == 0 ? fopen(argv[1], "we") : NULL;

        if (!out) {
                (void)fprintf(stderr, "usage: %s OUT.c NAME FILE...\n", argv[0]);
                return EXIT_FAILURE;
        }
        (void)fputs("/* Made by src/harden/embed.c of the files in data/kits/: edit those. */\n"
                    "#include \"harden/kit_builtin.h\"\n",
                    out);
        for (int i = 2; i + 1 < argc; i += 2)
                if (embed(out, argv[i], argv[i + 1]) < 0)
                        return EXIT_FAILURE;
        return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
