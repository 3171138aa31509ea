/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes of names, time, tunnels, games and controllers: what true servers say to a nonce of 0102030405060708. */
#include "identify/registry.h"
#include "play.h"
#include "test.h"

#define NONCE 0x0102030405060708u
#define TCP   TRANSPORT_TCP
#define UDP   TRANSPORT_UDP

/* Bytes of a literal, zeros included; "" is nothing, which a probe takes for silence. */
#define B(literal)                             \
        {                                      \
                (literal), sizeof(literal) - 1 \
        }
#define SILENCE         \
        {               \
                NULL, 0 \
        }

struct scene {
        const char *probe;
        enum transport transport;
        uint16_t port;
        struct play_line lines[8];
        /* what is learnt; NULL = nothing, as product */
        const char *protocol, *product, *version;
        const char *key, *value; /* one detail, or NULL */
        enum encryption encryption;
        enum confidence confidence;
        unsigned flags;
        const char *hostname;
};

#define TEXT(s) "\xc0\x0c\x00\x10\x00\x03\x00\x00\x00\x00" s
#define VERSION                                           \
        "\x00\x01\x00\x01\x00\x00\x00\x00\x07version\x04" \
        "bind\x00\x00\x10\x00\x03"
#define ID      "\x00\x01\x00\x01\x00\x00\x00\x00\x02id\x06server\x00\x00\x10\x00\x03"
#define NOTHING "\x00\x00\x00\x00\x00\x00\x00\x00"
#define SPI                                \
        "\x01\x02\x03\x04\x05\x06\x07\x09" \
        "ABCDEFGH"
#define RAKNET          "\x00\xff\xff\x00\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78"
#define STUN(type, len) type len "\x21\x12\xa4\x42\x00\x00"

static const struct scene scenes[] = {
        {"dns",
         UDP,
         53,
         {B("\x06\x08\x84\x00" VERSION TEXT("\x00\x18\x17"
                                            "9.11.4-P2-RedHat-9.11.4")),
          B("\x06\x09\x80\x05" NOTHING), B("\x06\x0a\x80\x80" NOTHING)},
         "dns",
         "BIND",
         "9.11.4-P2",
         "recursion",
         "offered",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_RELAY},
        {"dns",
         TCP,
         853,
         {B("\x00\x39\x06\x08\x80\x80" VERSION TEXT("\x00\x0f\x0e"
                                                    "unbound 1.17.1")),
          B("\x00\x2d\x06\x09\x80\x80" ID TEXT("\x00\x06\x05"
                                               "north")),
          B("\x00\x0c\x06\x0a\x80\x05" NOTHING), B("\x00\x0c\x06\x0b\x81\x80" NOTHING)},
         "dns",
         "Unbound",
         "1.17.1",
         "server-id",
         "north",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_RELAY,
         "north"},
        {"dns",
         UDP,
         53,
         {SILENCE, B("\x06\x0a\x80\x05" NOTHING), B("\x06\x0b\x80\x05" NOTHING)},
         "dns",
         NULL,
         NULL,
         "recursion",
         "not offered",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"mdns",
         UDP,
         5353,
         {B("\x05\x06\x84\x00\x00\x02\x00\x02\x00\x00\x00\x00"
            "\x09_services\x07_dns-sd\x04_udp\x05local\x00\x00\x0c\x00\x01\x01"
            "1\x01"
            "2\x01"
            "0\x03"
            "192\x07in-addr\x04"
            "arpa\x00\x00\x0c\x00\x01"
            "\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x0a\x00\x0c\x04_ipp\x04_tcp\xc0\x23"
            "\xc0\x2e\x00\x0c\x00\x01\x00\x00\x00\x0a\x00\x05\x02pr\xc0\x23")},
         "mdns",
         NULL,
         NULL,
         "services",
         "_ipp._tcp",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         0,
         "pr.local"},
        {"llmnr",
         TCP,
         5355,
         {B("\x00\x2a\x04\x05\x80\x00\x00\x01\x00\x01\x00\x00\x00\x00\x01"
            "1\x04"
            "arpa\x00\x00\x0c\x00\x01"
            "\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x1e\x00\x06\x04PC-7\x00")},
         "llmnr",
         NULL,
         NULL,
         NULL,
         NULL,
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         0,
         "PC-7"},
        {"snmp",
         UDP,
         161,
         {B("\x30\x55\x02\x01\x03\x30\x10\x02\x04\x05\x16\x07\x08\x02\x02\x05\xdc\x04\x01\x00\x02\x01\x03"
            "\x04\x1c\x30\x1a\x04\x0b\x80\x00\x00\x09\x03\x00\x11\x22\x33\x44\x55\x02\x01\x07\x02\x02\x01\x00\x04\x00\x04\x00\x04\x00"
            "\x30\x20\x04\x00\x04\x00\xa8\x1a\x02\x04\x05\x16\x07\x08\x02\x01\x00\x02\x01\x00\x30\x0c\x30\x0a\x06\x05\x2b\x06\x01\x06\x03\x41\x01\x04")},
         "snmp",
         NULL,
         NULL,
         "vendor",
         "Cisco",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"ntp",
         UDP,
         123,
         {B("\x24\x01\x03\xe7\x00\x00\x00\x00\x00\x00\x00\x00GPS\x00"
            "abcdefgh"
            "\x01\x02\x03\x04\x05\x06\x07\x08"
            "abcdefgh"
            "abcdefgh"),
          B("\x16\x82\x07\x08\x06\x18\x00\x00\x00\x00\x00\x40"
            "version=\"ntpd 4.2.8p15@1.3728-o Wed Sep 23\", processor=\"armv7l\"")},
         "ntp",
         "ntpd",
         "4.2.8p15",
         "reference",
         "GPS",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"ntp",
         UDP,
         123,
         {B("\x24\x08\x00\xe6\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x7f\x01\x01"
            "abcdefgh"
            "\x01\x02\x03\x04\x05\x06\x07\x08"
            "abcdefgh"
            "abcdefgh"),
          SILENCE},
         "ntp",
         NULL,
         NULL,
         "stratum",
         "8",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"tftp",
         UDP,
         69,
         {B("\x00\x05\x00\x01"
            "File not found\x00")},
         "tftp",
         NULL,
         NULL,
         "message",
         "File not found",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"tftp",
         UDP,
         69,
         {B("\x00\x05\x00\x01"
            "file /srv/x not found for 10.0.0.1\x00")},
         "tftp",
         "dnsmasq",
         NULL,
         "error",
         "1",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"radius",
         UDP,
         1812,
         {B("\x03\x08\x00\x14"
            "0123456789abcdef")},
         "radius",
         NULL,
         NULL,
         "answer",
         "reject",
         ENCRYPTION_NONE,
         CONFIDENCE_LIKELY},
        {"ike",
         UDP,
         4500,
         {B("\x00\x00\x00\x00" SPI
            "\x29\x20\x22\x20\x00\x00\x00\x00\x00\x00\x00\x24\x00\x00\x00\x08\x00\x00\x00\x0e")},
         "ike",
         NULL,
         NULL,
         "notify",
         "NO_PROPOSAL_CHOSEN",
         ENCRYPTION_NATIVE,
         CONFIDENCE_CONFIRMED},
        {"ike",
         UDP,
         500,
         {B(SPI "\x29\x20\x22\x20\x00\x00\x00\x00\x00\x00\x00\x26\x00\x00\x00\x0a\x00\x00\x00\x11\x00\x0e")},
         "ike",
         NULL,
         NULL,
         "group",
         "14",
         ENCRYPTION_NATIVE,
         CONFIDENCE_CONFIRMED},
        {"ike",
         UDP,
         500,
         {SILENCE,
          B(SPI
            "\x01\x10\x02\x00\x00\x00\x00\x00\x00\x00\x00\x44\x0d\x00\x00\x08\x00\x00\x00\x01\x0d\x00\x00\x0c\x09\x00\x26\x89\xdf\xd6\xb7\x12"
            "\x00\x00\x00\x15OE-Libreswan-4.10")},
         "ike",
         "Libreswan",
         "4.10",
         "protocol-version",
         "1",
         ENCRYPTION_NATIVE,
         CONFIDENCE_CONFIRMED},
        {"openvpn",
         UDP,
         1194,
         {B("\x40SESSIONS\x01\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x00\x00")},
         "openvpn",
         "OpenVPN",
         NULL,
         NULL,
         NULL,
         ENCRYPTION_NATIVE,
         CONFIDENCE_CONFIRMED},
        {"openvpn",
         TCP,
         443,
         {B("\x00\x1a\x40SESSIONS\x01\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x00\x00")},
         "openvpn",
         "OpenVPN",
         NULL,
         NULL,
         NULL,
         ENCRYPTION_NATIVE,
         CONFIDENCE_CONFIRMED},
        {"openvpn-management",
         TCP,
         7505,
         {B(">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n"),
          B("OpenVPN Version: OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)]\r\nManagement Version: 5\r\nEND\r\n")},
         "openvpn-management",
         "OpenVPN",
         "2.6.14",
         NULL,
         NULL,
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH},
        {"stun",
         UDP,
         3478,
         {B(STUN("\x01\x01", "\x00\x18") "\x00\x01\x01\x02\x03\x04\x05\x06\x07\x08"
                                         "\x80\x22\x00\x14"
                                         "Coturn-4.6.1 'Gorst'"),
          B(STUN("\x01\x13", "\x00\x18") "\x00\x03\x01\x02\x03\x04\x05\x06\x07\x08"
                                         "\x00\x09\x00\x04\x00\x00\x04\x01"
                                         "\x00\x14\x00\x0c"
                                         "example.test")},
         "stun",
         "coturn",
         "4.6.1",
         "turn",
         "wants credentials",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"stun",
         TCP,
         3478,
         {B(STUN("\x01\x01", "\x00\x10") "\x00\x01\x01\x02\x03\x04\x05\x06\x07\x08"
                                         "\x80\x22\x00\x0a"
                                         "restund v0\x00\x00"),
          B(STUN("\x01\x03", "\x00\x00") "\x00\x03\x01\x02\x03\x04\x05\x06\x07\x08")},
         "stun",
         "restund",
         "0",
         "turn",
         "open to strangers",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_RELAY | IDENTITY_NO_AUTH},
        {"coap",
         UDP,
         5683,
         {B("\x64\x45\x07\x08\x03\x04\x05\x06\xc1\x28\xff</s>;ct=0")},
         "coap",
         NULL,
         NULL,
         "resources",
         "</s>;ct=0",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"coap",
         UDP,
         5683,
         {B("\x60\x00\x07\x08"), B("\x44\x84\x11\x22\x03\x04\x05\x06")},
         "coap",
         NULL,
         NULL,
         "answer",
         "4.04",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"coap",
         TCP,
         5683,
         {B("\x50\xe1\x23\x80\x01\x00\x20\xc4\x45\x03\x04\x05\x06\xc1\x28\xff</s>;ct=0")},
         "coap",
         NULL,
         NULL,
         "resources",
         "</s>;ct=0",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"ipmi",
         UDP,
         623,
         {B("\x06\x00\xff\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x81\x1c\x63\x20\x00\x38\x00\x01\x97\x06\x03\x7c\x2a\x00\x00\x07")},
         "ipmi",
         NULL,
         NULL,
         "vendor",
         "Supermicro",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH | IDENTITY_PLAIN_LOGIN},
        {"ipmi",
         UDP,
         623,
         {SILENCE,
          B("\x06\x00\xff\x06\x00\x00\x11\xbe\x40\x09\x00\x10\x00\x00\x01\x57\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
         "asf-rmcp",
         NULL,
         NULL,
         "vendor",
         "Intel",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"slp",
         UDP,
         427,
         {B("\x02\x0a\x00\x00\x30\x00\x00\x00\x00\x00\x07\x08\x00\x02"
            "en\x00\x00\x00\x1cservice:VMwareInfrastructure")},
         "slp",
         "VMware ESXi",
         NULL,
         NULL,
         NULL,
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"socks",
         TCP,
         1080,
         {B("\x05\x00")},
         "socks",
         NULL,
         NULL,
         "authentication",
         "none",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH},
        {"socks",
         TCP,
         1080,
         {B("\x05\x02")},
         "socks",
         NULL,
         NULL,
         "authentication",
         "password",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_PLAIN_LOGIN},
        {"socks",
         TCP,
         1080,
         {B("\x05\xff")},
         "socks",
         NULL,
         NULL,
         "authentication",
         "others",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"natpmp",
         UDP,
         5351,
         {B("\x00\x80\x00\x00\x00\x00\x00\x63\xcb\x00\x71\x05")},
         "nat-pmp",
         NULL,
         NULL,
         "external-address",
         "203.0.113.5",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"natpmp",
         UDP,
         5351,
         {B("\x02\x80\x00\x01\x00\x00\x00\x00\x00\x00\x00\x63"
            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
         "pcp",
         NULL,
         NULL,
         NULL,
         NULL,
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"a2s",
         UDP,
         27015,
         {B("\xff\xff\xff\xff"
            "A\x01\x02\x03\x04"),
          B("\xff\xff\xff\xffI\x11Our game\x00"
            "de_dust2\x00"
            "cstrike\x00"
            "Counter-Strike: Source\x00\xf0\x00\x01\x10\x00"
            "dl\x00\x01"
            "7050044\x00\x00")},
         "a2s",
         "Counter-Strike: Source",
         "7050044",
         "map",
         "de_dust2",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"quake3",
         UDP,
         27960,
         {B("\xff\xff\xff\xffstatusResponse\n\\version\\ioq3 1.36+u20221123.70d07d9+dfsg-1/Debian linux-x86_64\\sv_hostname\\noname\n")},
         "quake3",
         "ioq3",
         "1.36+u20221123.70d07d9+dfsg-1/Debian",
         "name",
         "noname",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"minecraft-bedrock",
         UDP,
         19132,
         {B("\x1c\x01\x02\x03\x04\x05\x06\x07\x08GUIDGUID" RAKNET
            "\x00\x1fMCPE;Ours;686;1.21.2;0;10;1;w;S")},
         "minecraft-bedrock",
         "Minecraft Bedrock",
         "1.21.2",
         "name",
         "Ours",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"gtp",
         UDP,
         2123,
         {B("\x40\x02\x00\x09\x06\x07\x08\x00\x03\x00\x01\x00\x05")},
         "gtp",
         NULL,
         NULL,
         "protocol-version",
         "2",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"gtp",
         UDP,
         2152,
         {B("\x32\x02\x00\x06\x00\x00\x00\x00\x07\x08\x00\x00\x0e\x00")},
         "gtp",
         NULL,
         NULL,
         "protocol-version",
         "1",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"dtls",
         UDP,
         4433,
         {B("\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x03\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x04\xfe\xff\x01x")},
         "dtls",
         NULL,
         NULL,
         NULL,
         NULL,
         ENCRYPTION_TLS,
         CONFIDENCE_LIKELY},
        {"iax2",
         UDP,
         4569,
         {B("\x80\x01\x0b\xe3\x00\x00\x00\x01\x00\x01\x06\x03")},
         "iax2",
         NULL,
         NULL,
         NULL,
         NULL,
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"mgcp",
         UDP,
         2427,
         {B("500 490382857 Unknown endpoint\r\n")},
         "mgcp",
         NULL,
         NULL,
         NULL,
         NULL,
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"ws-discovery",
         UDP,
         3702,
         {B("<s:Envelope><s:Header><a:RelatesTo>urn:uuid:05060708-0304-4102-8708-030405060203</a:RelatesTo></s:Header><s:Body><d:ProbeMatches>"
            "<d:ProbeMatch><d:Types>wsdp:Device pub:Computer</d:Types><d:XAddrs/></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>")},
         "ws-discovery",
         NULL,
         NULL,
         "types",
         "wsdp:Device pub:Computer",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"ubiquiti-discovery",
         UDP,
         10001,
         {B("\x01\x00\x00\x2b\x03\x00\x1d"
            "XM.ar7240.v5.6.15.30572.17032"
            "\x0b\x00\x03"
            "ap1"
            "\x0c\x00\x02N5")},
         "ubiquiti-discovery",
         "Ubiquiti",
         "5.6.15.30572.17032",
         "model",
         "N5",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         0,
         "ap1"},
        {"bittorrent-dht",
         UDP,
         6881,
         {B("d1:rd2:id20:abcdefghijklmnopqrste1:t4:\x05\x06\x07\x08"
            "1:v4:LT\x01\x02"
            "1:y1:re")},
         "bittorrent-dht",
         NULL,
         NULL,
         "client",
         "LT",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"bitcoin",
         TCP,
         8333,
         {B("\xf9\xbe\xb4\xd9version\x00\x00\x00\x00\x00\x66\x00\x00\x00"
            "sums"
            "\x80\x11\x01\x00"
            "services"
            "timetime"
            "12345678901234567890123456"
            "12345678901234567890123456"
            "noncenon"
            "\x10/Satoshi:25.0.0/"
            "\x40\x0d\x03\x00"
            "\x01")},
         "bitcoin",
         "Bitcoin Core",
         "25.0.0",
         "height",
         "200000",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"modbus",
         TCP,
         502,
         {B("\x60\x71\x00\x00\x00\x1b\xff\x2b\x0e\x01\x01\x00\x00\x03\x00\x06SCHNEI\x01\x03PM5\x02\x04V1.2")},
         "modbus",
         "PM5",
         "V1.2",
         "vendor",
         "SCHNEI",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH},
        {"modbus",
         TCP,
         502,
         {SILENCE, B("\x60\x72\x00\x00\x00\x03\x01\xab\x01")},
         "modbus",
         NULL,
         NULL,
         "exception",
         "1",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH},
        {"s7",
         TCP,
         102,
         {B("\x03\x00\x00\x16\x11\xd0\x00\x01\x00\x02\x00\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02"),
          B("\x03\x00\x00\x1b\x02\xf0\x80\x32\x03\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00\xf0\x00\x00\x01\x00\x01\x00\xf0"),
          B("\x03\x00\x00\x61\x02\xf0\x80\x32\x07\x00\x00\x00\x00\x00\x0c\x00\x44\x00\x01\x12\x08\x12\x84\x01\x01\x00\x00\x00\x00\xff\x09\x00\x40"
            "\x00\x11\x00\x00\x00\x1c\x00\x02"
            "\x00\x01"
            "6ES7 315-2EH14-0AB0 \x00\xc0\x00\x04\x00\x01"
            "\x00\x07"
            "                    \x00\xc0V\x03\x02\x06"),
          SILENCE},
         "s7",
         "6ES7 315-2EH14-0AB0",
         "3.2.6",
         NULL,
         NULL,
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH},
        {"bacnet",
         UDP,
         47808,
         {B("\x81\x0a\x00\x1a\x01\x00\x30\x09\x0c\x0c\x02\x00\x00\x07\x19\x79\x3e\x75\x06\x00"
            "Acme "
            "\x3f"),
          B("\x81\x0a\x00\x0d\x01\x00\x50\x0a\x0c\x91\x02\x91\x20")},
         "bacnet",
         NULL,
         NULL,
         "vendor",
         "Acme",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH},
        {"enip",
         UDP,
         44818,
         {B("\x63\x00\x36\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x00\x00\x01\x00\x0c\x00\x30\x00\x01\x00"
            "0123456789abcdef"
            "\x01\x00\x0e\x00\x36\x00\x14\x0b\x60\x31\x78\x56\x34\x12\x0e"
            "1756-L61/B LOG"
            "\x03")},
         "enip",
         "1756-L61/B LOG",
         "20.011",
         "serial",
         "12345678",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"opcua",
         TCP,
         4840,
         {B("ACKF\x1c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
         "opcua",
         NULL,
         NULL,
         NULL,
         NULL,
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"opcua",
         TCP,
         4840,
         {B("ACKF\x1c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
          B("OPNF\x87\x00\x00\x00\x07\x00\x00\x00/\x00\x00\x00http://opcfoundation.org/UA/SecurityPolicy#None\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\xc1\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00`\xea\x00\x00\xff\xff\xff\xff"),
          B("MSGF\xf1\x00\x00\x00\x07\x00\x00\x00\x09\x00\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\xaf\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x11\x00\x00\x00opc.tcp://x:4840/\x0c\x00\x00\x00urn:x:server\x0d\x00\x00\x00urn:x:product\x02\x0a\x00\x00\x00Our server\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00/\x00\x00\x00http://opcfoundation.org/UA/SecurityPolicy#None\x01\x00\x00\x00\x04\x00\x00\x00"
            "anon\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x08\x00\x00\x00http://x\x00")},
         "opcua",
         "Our server",
         NULL,
         "security",
         "None/None",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED},
        {"dnp3",
         TCP,
         20000,
         {B("\x05\x64\x05\x0b\x00\x04\x03\x00\xbf\x8d")},
         "dnp3",
         NULL,
         NULL,
         "station",
         "3",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH},
        {"iec104",
         TCP,
         2404,
         {B("\x68\x04\x83\x00\x00\x00")},
         "iec104",
         NULL,
         NULL,
         NULL,
         NULL,
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH},
        {"fins",
         UDP,
         9600,
         {B("\xc0\x00\x02\x00\x63\x00\x00\x00\x00\x08\x05\x01\x00\x00"
            "CJ2M-CPU31\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
            "02.01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
         "fins",
         "CJ2M-CPU31",
         "02.01",
         NULL,
         NULL,
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH},
        {"fox",
         TCP,
         1911,
         {B("fox a 0 -1 fox hello\n{\nfox.version=s:1.0.1\nid=i:1\nhostName=s:jace7\napp.name=s:Station\napp.version=s:3.8.38\nbrandId=s:vykon\n};;\n")},
         "fox",
         "Niagara",
         "3.8.38",
         "brand",
         "vykon",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         0,
         "jace7"},
        {"knx",
         UDP,
         3671,
         {B("\x06\x10\x02\x04\x00\x3c\x36\x01\x02\x00\x11\x01\x00\x00\x00\x01\x02\x03\x04\x05\xe0\x00\x17\x0c\x00\x01\x02\x03\x04\x05"
            "KNX IP Router\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
         "knx",
         "KNX IP Router",
         NULL,
         "knx-address",
         "1.1.1",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH},
        {"hart-ip",
         TCP,
         5094,
         {B("\x01\x01\x00\x00\x06\x07\x00\x0d\x01\x00\x00\x27\x10")},
         "hart-ip",
         NULL,
         NULL,
         "status",
         "0",
         ENCRYPTION_NONE,
         CONFIDENCE_CONFIRMED,
         IDENTITY_NO_AUTH},
};

static void check(const struct scene *scene, bool split)
{
        struct play p = {.probe = probe_find(scene->probe),
                         .transport = scene->transport,
                         .port = scene->port,
                         .nonce = NONCE,
                         .split = split,
                         .lines = scene->lines,
                         .greeting = false};

        for (size_t i = 0; i < array_len(scene->lines); i++)
                if (scene->lines[i].bytes)
                        p.n_lines = i + 1;
        p.greeting = p.probe->speaks_first;
        play(&p);
        if (strcmp(p.id.protocol, scene->protocol) != 0 || p.id.confidence != scene->confidence)
                fail_msg("%s/%u is found as %s, %s", scene->probe, scene->port, p.id.protocol,
                         confidence_name(p.id.confidence));
        if (p.id.encryption != scene->encryption)
                fail_msg("%s/%u: %s", scene->probe, scene->port, encryption_name(p.id.encryption));
        if (!streq_ptr(p.id.product, scene->product) || !streq_ptr(p.id.version, scene->version))
                fail_msg("%s/%u: %s %s", scene->probe, scene->port, p.id.product, p.id.version);
        if (p.id.flags != scene->flags)
                fail_msg("%s/%u: flags %x", scene->probe, scene->port, p.id.flags);
        if (scene->key && !streq_ptr(identity_detail(&p.id, scene->key), scene->value))
                fail_msg("%s/%u: %s is %s", scene->probe, scene->port, scene->key,
                         identity_detail(&p.id, scene->key));
        if (!streq_ptr(p.id.hostname, scene->hostname))
                fail_msg("%s/%u: hostname %s", scene->probe, scene->port, p.id.hostname);
        play_release(&p);
}

static void test_servers(void **state)
{
        for (size_t i = 0; i < array_len(scenes); i++) {
                check(&scenes[i], false);
                if (scenes[i].transport == TCP)
                        check(&scenes[i], true);
        }
}

/* What is said back as it was sent proves nothing, nor what others say. */
static void test_strangers(void **state)
{
        static const char *const others[] = {
                "SSH-2.0-OpenSSH_9.2p1\r\n", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
                "220 mail ESMTP\r\n",
                "\x16\x03\x01\x02\x01\x02\x01\x02\x01\x02\x01\x02\x01\x02\x01\x02\x01\x02\x01\x02\x01"};

        for (size_t i = 0; i < array_len(scenes); i++) {
                struct play quiet = {.probe = probe_find(scenes[i].probe),
                                     .transport = scenes[i].transport,
                                     .port = scenes[i].port,
                                     .nonce = NONCE};
                struct str sent = {0};

                play(&quiet);
                assert_int_equal(quiet.id.confidence, CONFIDENCE_REGISTERED);
                str_add_n(&sent, str_text(&quiet.sent), quiet.sent.len);
                play_release(&quiet);
                for (size_t k = 0; k <= array_len(others); k++) {
                        struct play_line line = k ? (struct play_line){others[k - 1], 0}
                                                  : (struct play_line){sent.text, sent.len};
                        struct play p = {.probe = quiet.probe,
                                         .transport = quiet.transport,
                                         .port = quiet.port,
                                         .nonce = NONCE,
                                         .lines = &line,
                                         .n_lines = 1};

                        if (!k && !sent.len)
                                continue;
                        play(&p);
                        if (p.id.confidence != CONFIDENCE_REGISTERED)
                                fail_msg("%s/%u takes %s for %s", scenes[i].probe, scenes[i].port,
                                         k ? others[k - 1] : "its own bytes", p.id.protocol);
                        play_release(&p);
                }
                str_release(&sent);
        }
}

/* Greetings and answers to others that are nobody else's. */
static void test_recognise(void **state)
{
        static const struct {
                const char *probe, *bytes;
                size_t len;
                bool answer;
                enum recognition recognition;
        } all[] = {
                {"openvpn-management", ">INFO:OpenVPN Management Interface Version 1", 44, false,
                 RECOGNISE_SURE},
                {"openvpn-management", "ENTER PASSWORD:", 15, false, RECOGNISE_LIKELY},
                {"fox", "fox a 0 -1 fox hello\n", 21, false, RECOGNISE_SURE},
                {"opcua", "ERRF\x10\x00\x00\x00\x00\x00\x7e\x80\x00\x00\x00\x00", 16, true, RECOGNISE_SURE},
        };

        for (size_t i = 0; i < array_len(all); i++) {
                const struct probe *probe = probe_find(all[i].probe);
                struct heard h = {.data = (const uint8_t *)all[i].bytes,
                                  .len = all[i].len,
                                  .asked = all[i].answer ? probe_find("ssh") : NULL,
                                  .transport = TCP};

                assert_int_equal(probe->recognise(&h), all[i].recognition);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_servers),
                cmocka_unit_test(test_strangers),
                cmocka_unit_test(test_recognise),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
