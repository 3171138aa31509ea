/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows, of which there is a listing of sockets only: it says which process listens, and many services
 * share one (svchost.exe). So services are told by the port that they are known for, too. What has no service
 * of its own, or should stay for the machine itself, is closed by Windows Firewall.
 */
#include "harden/maker.h"

#include <strings.h>

#define ANY_PORT 0

/* Ports and names: Microsoft, "Service overview and network port requirements for Windows". */
static const struct known {
        const char *process; /* as listings show it, without ".exe"; NULL: any */
        enum transport transport;
        uint16_t port;
        const char *service, *what;
        enum action_risk risk;
} known[] = {
        {"tlntsvr", TRANSPORT_TCP, ANY_PORT, "TlntSvr", "Telnet", RISK_LOW},
        {"tcpsvcs", TRANSPORT_TCP, ANY_PORT, "simptcp", "Simple TCP/IP Services", RISK_LOW},
        {"tcpsvcs", TRANSPORT_UDP, ANY_PORT, "simptcp", "Simple TCP/IP Services", RISK_LOW},
        {"snmp", TRANSPORT_UDP, 161, "SNMP", "SNMP", RISK_LOW},
        {"snmptrap", TRANSPORT_UDP, 162, "SNMPTRAP", "SNMP traps", RISK_LOW},
        {"spoolsv", TRANSPORT_TCP, ANY_PORT, "Spooler", "printing", RISK_MEDIUM},
        {"lpdsvc", TRANSPORT_TCP, 515, "LPDSVC", "printing by LPD", RISK_LOW},
        {"svchost", TRANSPORT_TCP, 515, "LPDSVC", "printing by LPD", RISK_LOW},
        {"svchost", TRANSPORT_TCP, 21, "FTPSVC", "FTP", RISK_LOW},
        {"inetinfo", TRANSPORT_TCP, 21, "MSFTPSVC", "FTP", RISK_LOW},
        {"inetinfo", TRANSPORT_TCP, 25, "SMTPSVC", "mail by SMTP", RISK_MEDIUM},
        {"svchost", TRANSPORT_UDP, 1900, "SSDPSRV", "discovery by SSDP", RISK_LOW},
        {"svchost", TRANSPORT_TCP, 2869, "upnphost", "UPnP", RISK_LOW},
        {"svchost", TRANSPORT_UDP, 3702, "FDResPub", "discovery of devices", RISK_LOW},
        {"svchost", TRANSPORT_UDP, 69, "WDSServer", "TFTP for installation", RISK_MEDIUM},
        {"wmpnetwk", TRANSPORT_TCP, ANY_PORT, "WMPNetworkSvc", "sharing of media", RISK_LOW},
        {"sqlbrowser", TRANSPORT_UDP, 1434, "SQLBrowser", "SQL Server Browser", RISK_LOW},
        {"sqlservr", TRANSPORT_TCP, 1433, "MSSQLSERVER", "SQL Server", RISK_MEDIUM},
        {"mysqld", TRANSPORT_TCP, 3306, "MySQL", "MySQL", RISK_MEDIUM},
        {"nfssvc", TRANSPORT_TCP, ANY_PORT, "NfsService", "NFS", RISK_MEDIUM},
        {"mqsvc", TRANSPORT_TCP, ANY_PORT, "MSMQ", "Message Queuing", RISK_MEDIUM},
        {"winvnc", TRANSPORT_TCP, ANY_PORT, "uvnc_service", "VNC", RISK_MEDIUM},
        {"tvnserver", TRANSPORT_TCP, ANY_PORT, "tvnserver", "VNC", RISK_MEDIUM},
};

/*
 * By these a Windows machine is managed: SSH, RPC, WinRM, RDP. Whoever reads a listing does not know which
 * one is used.
 */
static bool is_way_in(const struct listener *l)
{
        static const uint16_t ports[] = {22, 3389, 5985, 5986};

        for (size_t i = 0; l->transport == TRANSPORT_TCP && i < array_len(ports); i++)
                if (l->port == ports[i])
                        return true;
        return false;
}

static bool is_process(const struct listener *l, const char *name)
{
        size_t len = strlen(name);

        for (size_t i = 0; i < l->n_processes; i++) {
                const char *have = l->processes[i]->name;

                if (have && strncasecmp(have, name, len) == 0 &&
                    (!have[len] || strcasecmp(have + len, ".exe") == 0))
                        return true;
        }
        return false;
}

static const struct known *find(const struct listener *l)
{
        for (size_t i = 0; i < array_len(known); i++)
                if (known[i].transport == l->transport &&
                    (known[i].port == ANY_PORT || known[i].port == l->port) &&
                    is_process(l, known[i].process))
                        return &known[i];
        return NULL;
}

static bool is_unwanted(const struct maker *m, const struct listener *l)
{
        return harden_is_on_network(l) && harden_is_unwanted(m, l) && !harden_is_needed(l);
}

static const char *why(const struct maker *m)
{
        return m->in->policy ? "The policy approves nothing of it." : "The guide advises against it.";
}

static const char not_applied[] =
        "It is for another machine: harden kit --format powershell makes a script for it.";

/* A service with several ports is needed as a whole when one of them is. */
static bool is_needed(const struct maker *m, const struct known *service)
{
        vec_foreach(l, &m->assessment->listeners)
                if (find(l) == service && harden_approval(l))
                        return true;
        return false;
}

static void stop_service(struct maker *m, const struct known *service)
{
        struct draft d = draft_new(ACTION_WINDOWS_SERVICE);
        bool any = false;

        vec_foreach(l, &m->assessment->listeners)
                if (find(l) == service && is_unwanted(m, l)) {
                        any = true;
                        draft_close(m, &d, l, CLOSES_ALL);
                }
        if (!any || is_needed(m, service)) {
                draft_release(&d);
                return;
        }
        d.action.title = pool_printf(m->pool, "Stop and disable the service %s (%s)", service->service,
                                     service->what);
        d.action.why = why(m);
        d.action.risk = service->risk;
        d.action.risk_why = "Whoever still uses it finds it gone.";
        d.action.not_applied = not_applied;
        draft_warn(
                &d,
                "A listing names processes: that it is this service is only told by the port");
        draft_value(&d, "service", service->service);
        draft_step(&d, pool_printf(m->pool, "Set-Service -Name %s -StartupType Disabled", service->service));
        draft_step(&d, pool_printf(m->pool, "Stop-Service -Name %s", service->service));
        draft_undo(&d,
                   pool_printf(m->pool, "Set-Service -Name %s -StartupType Automatic", service->service));
        draft_undo(&d, pool_printf(m->pool, "Start-Service -Name %s", service->service));
        draft_add(m, &d, service->service);
}

static void close_port(struct maker *m, struct draft *d, const struct listener *l)
{
        const char *line = pool_printf(m->pool, "deny %s %u", transport_name(l->transport), l->port);

        draft_close(m, d, l, CLOSES_REACH);
        vec_foreach(v, &d->values)
                if (streq(v->text, line)) /* of another address */
                        return;
        draft_value(d, "deny", line);
        draft_step(d,
                   pool_printf(
                           m->pool,
                           "New-NetFirewallRule -Direction Inbound -Action Block -Protocol %s -LocalPort %u",
                           l->transport == TRANSPORT_TCP ? "TCP" : "UDP", l->port));
}

static void close_ports(struct maker *m)
{
        struct draft d = draft_new(ACTION_WINDOWS_FIREWALL);

        vec_foreach(l, &m->assessment->listeners) {
                if (!is_unwanted(m, l) || (l->transport != TRANSPORT_TCP && l->transport != TRANSPORT_UDP))
                        continue;
                if (is_way_in(l))
                        draft_warn(&d,
                                   pool_printf(m->pool,
                                               "%u/tcp is left open: somebody may manage the machine by it",
                                               l->port));
                else
                        close_port(m, &d, l);
        }
        if (!d.values.n) {
                draft_release(&d);
                return;
        }
        d.action.title = "Close ports in Windows Firewall";
        d.action.why = why(m);
        d.action.risk = RISK_MEDIUM;
        d.action.risk_why =
                "A rule that blocks beats all that allow: whoever still needs one of these ports is cut off.";
        d.action.not_applied = not_applied;
        draft_undo(&d, "Get-NetFirewallRule -Group 'quaymaster kit ID' | Remove-NetFirewallRule");
        draft_add(m, &d, NULL);
}

static void make(struct maker *m)
{
        for (size_t i = 0; i < array_len(known); i++)
                if (!i || !streq(known[i].service, known[i - 1].service))
                        stop_service(m, &known[i]);
        close_ports(m);
}

const struct action_maker maker_windows = {.make = make};
