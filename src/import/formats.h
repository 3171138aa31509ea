/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formats that can be read, one file each or one for kin. */
#pragma once

#include "import/import.h"

/* nmap_xml.c: of nmap, masscan -oX, and what `scan --format xml` writes */
extern const struct importer importer_nmap;
/* masscan.c */
extern const struct importer importer_masscan, importer_masscan_list;
/* ss.c, netstat.c, netstat_windows.c */
extern const struct importer importer_ss, importer_netstat, importer_netstat_windows;
/* powershell.c, powershell_json.c: of Get-NetTCPConnection and Get-NetUDPEndpoint */
extern const struct importer importer_powershell, importer_powershell_csv, importer_powershell_json;
