/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "cli/commands.h"
#include "cli/config_dir.h"
#include "cli/harden.h"
#include "cli/inside_run.h"

static const char *const kit_format_choices[] = {"ansible", "image", "powershell", "shell", NULL};

static const struct option_spec options[] = {
        {.name = "only",
         .kind = OPTION_WORD,
         .value = "IDS",
         .help = "these actions alone, by id or kind: unit-stop:telnet.socket,firewall",
         .once = true},
        {.name = "from",
         .kind = OPTION_WORD,
         .value = "FILE",
         .help = "plan, kit: for the host that FILE is of: `host --json`, or what `import` knows"},
        {.name = "profile",
         .kind = OPTION_WORD,
         .value = "NAME",
         .help = "plan, kit: also show units that run and that machines of this kind do not need"},
        {.name = "format",
         .letter = 'f',
         .kind = OPTION_WORD,
         .value = "FORMAT",
         .help = "kit: what to make",
         .choices = kit_format_choices},
        {.name = "output",
         .letter = 'o',
         .kind = OPTION_WORD,
         .value = "DIR",
         .help = "kit: write into this folder; else a kit of one file goes to standard output"},
        {.name = "show-firewall", .help = "plan: print the nftables file that the plan would load"},
        {.name = "lock-me-out", .help = "the way you came in by may be closed"},
        {.name = "confirm-within",
         .kind = OPTION_WORD,
         .value = "TIME",
         .help = "apply: undo it unless it is confirmed within TIME: 120s (default), 5m",
         .once = true},
        {.name = "verify-from",
         .kind = OPTION_WORD,
         .value = "NETNS",
         .help = "apply: ask the closed ports from this network namespace (ip netns), too"},
        {.name = "rollback-unless-verified", .help = "apply: undo it at once when it is not verified from outside"},
        {.name = "yes", .letter = 'y', .help = "apply: do not ask"},
        {.name = "at-console", .help = "confirm: from this session, as you stand at the machine"},
        NETNS_OPTION(""),
        NO_BPF_OPTION(""),
        {.name = "json", .letter = 'j', .help = "NDJSON, one record a line"},
        CONFIG_OPTION,
};

_Static_assert(array_len(options) <= MAX_OPTIONS, "the command line has room for them");

enum { PLAN, APPLY, CONFIRM, UNDO, STATUS, KIT, PROFILES };

#define HOST_OPTIONS "profile", "only", "lock-me-out", "netns", "no-bpf", "config"

/* One file each, and one line in either table. */
static const struct command_part parts[] = {
        [PLAN] = {"plan", .arguments = "", .takes = STR_LIST(HOST_OPTIONS, "from", "show-firewall", "json")},
        [APPLY] = {"apply", .arguments = "",
                   .takes = STR_LIST(HOST_OPTIONS, "confirm-within", "verify-from", "rollback-unless-verified",
                                     "yes", "json")},
        [CONFIRM] = {"confirm", .arguments = "", .takes = STR_LIST("at-console")},
        [UNDO] = {"undo", .most = 1, .arguments = "[ID]", .takes = STR_LIST()},
        [STATUS] = {"status", .arguments = "", .takes = STR_LIST("json")},
        [KIT] = {"kit", .arguments = "", .takes = STR_LIST(HOST_OPTIONS, "from", "format", "output")},
        [PROFILES] = {"profiles", .most = 1, .arguments = "[NAME]", .takes = STR_LIST("json")},
};

static int run(const struct invocation *in, struct err *err)
{
        static int (*const runs[])(const struct invocation *in, struct err *err) = {
                [PLAN] = harden_show_plan, [APPLY] = harden_apply,   [CONFIRM] = harden_confirm,
                [UNDO] = harden_undo,      [STATUS] = harden_status, [KIT] = harden_make_kit,
                [PROFILES] = harden_show_profiles};

        return runs[in->part](in, err);
}

const struct command command_harden = {
        .name = "harden",
        .arguments = "plan|apply|confirm|undo [ID]|status|kit|profiles [NAME]",
        .parts = parts,
        .n_parts = array_len(parts),
        .summary = "close what should not be open, with a way back",
        .details =
                "plan     from the findings of an audit and from policy.yaml: what to stop, to bind to loopback, to\n"
                "         shut in and to filter, in order, each with why, risk and undo. Changes nothing\n"
                "apply    do what the plan suggests, or the actions of --only, and look whether it is closed now. It\n"
                "         is undone by itself, also after a crash or a reboot, unless it is confirmed in time\n"
                "confirm  keep what was applied: from a new login, which shows that you still get in\n"
                "undo     put everything back as it was before: of the last apply, or of ID\n"
                "status   what was applied, and what waits to be confirmed\n"
                "kit      the plan as something to carry to a machine that cannot be reached: a script for sh or\n"
                "         PowerShell, a playbook of Ansible, or files for an image. It shows what it would do until\n"
                "         it is told to, and has an undo; what was left out, and why, goes to standard error\n"
                "profiles what machines of a kind run, and why it may stay; NAME shows one of them\n\n"
                "Without a policy.yaml nothing is known to be needed: the plan is a list to choose from, and has\n"
                "no firewall. What the policy approves is never stopped, and the way you came in by (ssh) is\n"
                "never closed without --lock-me-out.\n\n"
                "Exit status: 0 done, 2 wrong usage or a bad file, 3 something asked for could not be\n"
                "seen, done or undone.\n",
        .options = options,
        .n_options = array_len(options),
        .min_arguments = 1,
        .max_arguments = 2,
        .run = run,
};
