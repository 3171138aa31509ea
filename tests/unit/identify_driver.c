/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What speaks at some ports of one address, a line each; for work on probes and for tests of the runner alone:
 * identify-driver [-n NAME] [-i] [-v] ADDRESS tcp|udp PORT... (-i: industrial probes, -v: evidence and details)
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "gate/gate.h"
#include "identify/runner.h"

static bool verbose;

static void print(const struct identify_job *job, const struct identity *id, void *arg)
{
        printf("%s %u/%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%u conn\t%u in\t%u ms\n", (const char *)arg,
               job->endpoint.port, job->endpoint.transport == TRANSPORT_UDP ? "udp" : "tcp", id->protocol,
               encryption_name(id->encryption), confidence_name(id->confidence),
               behaviour_name(id->behaviour), id->product ? id->product : "-",
               id->version ? id->version : "-", id->probe ? id->probe : "-", id->connections, id->bytes_in,
               id->elapsed_ms);
        if (verbose) {
                if (id->cpe)
                        printf("\tcpe %s\n", id->cpe);
                for (unsigned bit = 1; bit <= IDENTITY_RELAY; bit <<= 1)
                        if (id->flags & bit)
                                printf("\tflag %s\n", identity_flag_name((enum identity_flag)bit));
                for (size_t i = 0; i < id->n_details; i++)
                        printf("\t%s: %s\n", id->details[i].key, id->details[i].value);
                if (id->hostname)
                        printf("\thostname %s\n", id->hostname);
                if (id->tls)
                        printf("\ttls %s %s versions %x of %x%s%s\n", tls_version_name(id->tls->version),
                               id->tls->cipher ? id->tls->cipher : "-", id->tls->versions,
                               id->tls->versions_asked, id->tls->has_certificate ? " subject " : "",
                               id->tls->has_certificate ? id->tls->certificate.subject : "");
                if (id->evidence)
                        printf("\tevidence %s\n", id->evidence);
                if (id->why)
                        printf("\twhy %s\n", id->why);
        }
        (void)fflush(stdout);
}

int main(int argc, char **argv)
{
        struct range_set own = {0};
        struct scope scope;
        struct gate gate = {.scope = &scope};
        struct err err = {0};
        struct identify *identify;
        struct identify_job job = {.class = DEVICE_NONE, .endpoint = {.state = ENDPOINT_OPEN}};
        struct identify_options options = {.gate = &gate, .done = print};
        struct address_range range = {0};
        int option;

        while ((option = getopt(argc, argv, "n:iv")) != -1) {
                if (option == 'n')
                        job.name = optarg;
                if (option == 'i')
                        job.industrial = true;
                if (option == 'v')
                        verbose = true;
        }
        if (argc - optind < 3 || address_range_parse(argv[optind], false, &range, NULL, &err) < 0)
                return 2;
        options.arg = argv[optind];
        job.endpoint.address = range.first;
        job.endpoint.transport = streq(argv[optind + 1], "udp") ? TRANSPORT_UDP : TRANSPORT_TCP;
        range_set_add(&own, &range);
        range_set_normalize(&own);
        scope_make(&scope, NULL, &own, NULL);
        if (identify_open(&identify, &options, &err) < 0)
                return 1;
        for (int i = optind + 2; i < argc; i++) {
                job.endpoint.port = (uint16_t)strtoul(argv[i], NULL, 10);
                identify_add(identify, &job);
        }
        option = identify_run(identify, &err);
        identify_free(identify);
        scope_release(&scope);
        range_set_release(&own);
        return option < 0;
}
