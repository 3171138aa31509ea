/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/enterprise.h"

#include <stddef.h>

#include "base/mem.h"

const char *enterprise_name(uint32_t number)
{
        static const struct {
                uint32_t number;
                const char *name;
        } known[] = {
                {2, "IBM"},
                {9, "Cisco"},
                {11, "HP"},
                {36, "DEC"},
                {42, "Sun Microsystems"},
                {43, "3Com"},
                {45, "Avaya (Nortel)"},
                {111, "Oracle"},
                {171, "D-Link"},
                {193, "Ericsson"},
                {207, "Allied Telesis"},
                {232, "HPE (Compaq)"},
                {236, "Samsung"},
                {253, "Xerox"},
                {311, "Microsoft"},
                {318, "APC"},
                {343, "Intel"},
                {367, "Ricoh"},
                {476, "Vertiv (Liebert)"},
                {534, "Eaton"},
                {637, "Alcatel-Lucent"},
                {641, "Lexmark"},
                {674, "Dell"},
                {789, "NetApp"},
                {850, "Tripp Lite"},
                {890, "Zyxel"},
                {1248, "Epson"},
                {1347, "Kyocera"},
                {1588, "Brocade"},
                {1602, "Canon"},
                {1916, "Extreme Networks"},
                {1991, "Brocade (Foundry)"},
                {2011, "Huawei"},
                {2021, "UCD-SNMP"},
                {2356, "LANCOM"},
                {2435, "Brother"},
                {2604, "Sophos"},
                {2620, "Check Point"},
                {2636, "Juniper"},
                {3097, "WatchGuard"},
                {3224, "Juniper (NetScreen)"},
                {3375, "F5"},
                {3833, "Schneider Electric"},
                {3902, "ZTE"},
                {4196, "Siemens"},
                {4329, "Siemens"},
                {4526, "Netgear"},
                {4881, "Ruijie"},
                {5624, "Extreme Networks (Enterasys)"},
                {5951, "Citrix NetScaler"},
                {6027, "Dell (Force10)"},
                {6486, "Alcatel-Lucent Enterprise"},
                {6527, "Nokia"},
                {6574, "Synology"},
                {6876, "VMware"},
                {8072, "Net-SNMP"},
                {8691, "Moxa"},
                {8741, "SonicWall"},
                {9148, "Acme Packet"},
                {10368, "ServerTech"},
                {10418, "Avocent"},
                {10876, "Supermicro"},
                {11863, "TP-Link"},
                {12325, "FreeBSD bsnmpd"},
                {12356, "Fortinet"},
                {13742, "Raritan"},
                {14179, "Cisco (Airespace)"},
                {14823, "Aruba"},
                {14988, "MikroTik"},
                {18334, "Konica Minolta"},
                {19046, "Lenovo"},
                {20301, "IBM (eServer X)"},
                {24681, "QNAP"},
                {25053, "Ruckus"},
                {25461, "Palo Alto Networks"},
                {25506, "H3C"},
                {29671, "Cisco Meraki"},
                {30065, "Arista"},
                {30155, "OpenBSD snmpd"},
                {40310, "Cumulus"},
                {41112, "Ubiquiti"},
                {47196, "Aruba (HPE)"},
        };

        for (size_t i = 0; i < array_len(known); i++)
                if (known[i].number == number)
                        return known[i].name;
        return NULL;
}
