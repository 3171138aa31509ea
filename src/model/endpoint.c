/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/endpoint.h"

#include "base/mem.h"

static const char *const states[ENDPOINT_STATE_MAX] = {
        [ENDPOINT_UNDECIDED] = "undecided",
        [ENDPOINT_OPEN] = "open",
        [ENDPOINT_CLOSED] = "closed",
        [ENDPOINT_FILTERED] = "filtered",
        [ENDPOINT_OPEN_FILTERED] = "open|filtered",
        [ENDPOINT_UNREACHABLE] = "unreachable",
};

static const char *const reasons[REASON_MAX] = {
        [REASON_NONE] = "none",
        [REASON_SYN_ACK] = "syn-ack",
        [REASON_CONNECTED] = "connected",
        [REASON_REPLY] = "reply",
        [REASON_RST] = "rst",
        [REASON_REFUSED] = "refused",
        [REASON_PORT_UNREACHABLE] = "port-unreachable",
        [REASON_PROHIBITED] = "prohibited",
        [REASON_HOST_UNREACHABLE] = "host-unreachable",
        [REASON_NO_NEIGHBOUR] = "no-neighbour",
        [REASON_NO_ROUTE] = "no-route",
        [REASON_NO_REPLY] = "no-reply",
        [REASON_INSIDE] = "inside",
        [REASON_MIDDLEBOX] = "middlebox",
        [REASON_NOT_ASKED] = "not-asked",
        [REASON_LOCAL] = "local",
};

static const char *const statuses[] = {
        [HOST_UP] = "up",
        [HOST_SILENT] = "silent",
        [HOST_ABSENT] = "not-found",
        [HOST_NOT_ASKED] = "not-asked",
};

static const struct {
        enum coverage_reason bit;
        const char *text;
} coverage_reasons[] = {
        {COVERAGE_STOPPED, "stopped before the end"},
        {COVERAGE_WINDOW, "outside the scan window of estate.yaml"},
        {COVERAGE_LOSS, "so many packets were lost that ports may be missed"},
        {COVERAGE_LOCAL_DROPS, "this machine received faster than it could read, and lost replies"},
        {COVERAGE_INTERFACE, "the interface, an address or the route went away"},
        {COVERAGE_MIDDLEBOX, "something between here and the host answers for every port"},
        {COVERAGE_DESCRIPTORS, "out of file descriptors or source ports"},
        {COVERAGE_CLASS, "the device class forbids some of what was asked"},
        {COVERAGE_ICMP_LIMIT, "the host limits ICMP errors, so closed UDP ports look silent"},
        {COVERAGE_RST_LIMIT, "the host limits resets, so its answers were waited for"},
        {COVERAGE_NO_ROUTE, "there is no route to it"},
};

const char *endpoint_state_name(enum endpoint_state state)
{
        return states[state];
}

const char *endpoint_reason_name(enum endpoint_reason reason)
{
        return reasons[reason];
}

const char *host_status_name(enum host_status status)
{
        return statuses[status];
}

const char *coverage_reason_text(enum coverage_reason one)
{
        for (size_t i = 0; i < array_len(coverage_reasons); i++)
                if (coverage_reasons[i].bit == one)
                        return coverage_reasons[i].text;
        return "for a reason unknown to this version";
}
