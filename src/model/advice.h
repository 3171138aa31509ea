/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words judgements are made of: advice, severity, confidence. One type each, everywhere. */
#pragma once

enum advice_class {
        ADVICE_EXPECTED,    /* normal on most networks, for a machine whose job it is */
        ADVICE_RECONFIGURE, /* use the better protocol */
        ADVICE_REVIEW,      /* is it needed at all? */
        ADVICE_MAX,
};

struct advice {
        enum advice_class class;
        const char *why; /* a sentence; not owned, never NULL once judged */
};

enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL, SEVERITY_MAX };

/* How the protocol behind a port is known. */
enum confidence {
        CONFIDENCE_REGISTERED, /* by the port number alone: a guess */
        CONFIDENCE_LIKELY,     /* by the program that listens */
        CONFIDENCE_CONFIRMED,  /* it spoke the protocol */
        CONFIDENCE_MAX,
};

/* Names as they stand in records. The parse calls give _MAX for an unknown word. */
const char *advice_class_name(enum advice_class class);
enum advice_class advice_class_parse(const char *word);
const char *severity_name(enum severity severity);
enum severity severity_parse(const char *word);
const char *confidence_name(enum confidence confidence);
