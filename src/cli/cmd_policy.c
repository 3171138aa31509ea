/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/policy.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/commands.h"
#include "cli/config_dir.h"

#define ENTRY_OPTION(option, word, text) \
        {.name = option, .kind = OPTION_WORD, .value = word, .help = "approve: " text, .once = true}

static const struct option_spec options[] = {
        ENTRY_OPTION("need", "TEXT", "why it must be open"),
        ENTRY_OPTION("owner", "NAME", "who answers for it"),
        ENTRY_OPTION("approved-by", "NAME", "who approved it; not the owner"),
        ENTRY_OPTION("approved-on", "DAY", "when, as 2026-05-01; today unless given"),
        ENTRY_OPTION("expires", "DAY", "the last day that it holds"),
        ENTRY_OPTION("ticket", "ID", "where it was decided"),
        ENTRY_OPTION("basis", "WORD", "deemed-needed: the device cannot close it"),
        ENTRY_OPTION("protocol", "NAME", "what must speak there, as https"),
        ENTRY_OPTION("process", "PATH", "only this program"),
        ENTRY_OPTION("unit", "NAME", "only this unit"),
        ENTRY_OPTION("package", "NAME", "only programs of this package"),
        ENTRY_OPTION("user", "NAME", "only as this user"),
        ENTRY_OPTION("container", "NAME", "only in this container"),
        ENTRY_OPTION("from", "WHERE", "as far as loopback, private, link, internet or a zone"),
        ENTRY_OPTION("on", "NAME", "only on this machine"),
        {.name = "output", .letter = 'o', .kind = OPTION_WORD, .value = "FILE",
         .help = "init: write to FILE in place of policy.yaml"},
        {.name = "netns", .kind = OPTION_WORD, .value = "WHICH",
         .help = "init, explain: `all` network namespaces (default), the own one (`self`), or NAME"},
        {.name = "all", .letter = 'a', .help = "explain: also tell of entries for other ports"},
        {.name = "json", .letter = 'j', .help = "check, explain: NDJSON, one record a line"},
        CONFIG_OPTION,
        {.name = "no-bpf", .help = "init, explain: read owners from /proc even where BPF is permitted"},
};

_Static_assert(array_len(options) <= MAX_OPTIONS, "the command line has room for them");

int policy_print(const struct str *out, int code, struct err *err)
{
        int r = fd_write_all(STDOUT_FILENO, str_text(out), out->len);

        if (r == 0 || r == -EPIPE) /* a pager that was left is no error */
                return code;
        err_errno(err, -r, "cannot write what there is to say");
        return QM_EXIT_INCOMPLETE;
}

enum { INIT, CHECK, APPROVE, EXPLAIN };

static const struct command_part parts[] = {
        [INIT] = {"init", .arguments = "", .takes = STR_LIST("output", "netns", "no-bpf", "config")},
        [CHECK] = {"check", .arguments = "", .takes = STR_LIST("json", "config")},
        [APPROVE] = {"approve", 1, 1, "one port or listener, as 443/tcp",
                     STR_LIST("need", "owner", "approved-by", "approved-on", "expires", "ticket", "basis",
                              "protocol", "process", "unit", "package", "user", "container", "from", "on",
                              "config")},
        [EXPLAIN] = {"explain", 1, 1, "one port or listener, as 443/tcp",
                     STR_LIST("netns", "no-bpf", "all", "json", "config")},
};

static int run(const struct invocation *in, struct err *err)
{
        static int (*const runs[])(const struct invocation *in, struct err *err) = {
                [INIT] = policy_init, [CHECK] = policy_check_file, [APPROVE] = policy_approve,
                [EXPLAIN] = policy_explain};

        return runs[in->part](in, err);
}

const struct command command_policy = {
        .name = "policy",
        .arguments = "init|check|approve PORT|explain LISTENER",
        .parts = parts,
        .n_parts = array_len(parts),
        .summary = "write down what may be open and why, and check it",
        .details =
                "init     write a policy.yaml from what listens now; every entry is marked `need: TODO`, and\n"
                "         approves nothing before a need is written there\n"
                "check    tell errors, and entries that are shadowed, overlapping, expired, too broad, or approved\n"
                "         by their owner\n"
                "approve  write an approval into the entry that waits for it, or add one; comments and order\n"
                "         of the file stay as they are\n"
                "explain  tell which entries were tried for a listener, as 443/tcp or 0.0.0.0:443/tcp, and why\n"
                "         they apply or not\n"
                "Form of the file: quaymaster-policy(5).\n\n"
                "Exit status: 0 done (check: also with warnings), 2 wrong usage or a broken policy, 3 something\n"
                "asked for could not be seen.\n",
        .options = options,
        .n_options = array_len(options),
        .min_arguments = 1,
        .max_arguments = 2,
        .run = run,
};
