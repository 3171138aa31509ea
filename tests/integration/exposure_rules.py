# SPDX-License-Identifier: GPL-2.0-or-later
"""Random rulesets for test_exposure.py: what people write, mixed so that it matters for a few ports and addresses."""
import random

TCP = [7001, 7002, 7003, 7004, 7005]
UDP = [7101, 7102]
OWN = ["10.98.1.1", "10.98.2.1"]
SOURCES = ["10.98.1.2", "10.98.1.3", "10.98.1.64/26", "10.98.1.0/24", "10.98.2.0/24", "10.98.2.9", "172.20.0.0/16",
           "172.20.5.5", "10.98.0.0/16", "10.98.1.2-10.98.1.3", "192.0.2.0/24", "0.0.0.0/0"]
SIX = ["fd98:1::/64", "fd98:1::2", "fd98::/16", "2001:db8::/32"]
DEVICES = ["va", "vb"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.sets = []

    def pick(self, *options):
        return self.random.choice(options)

    def some(self, options, most=3):
        return self.random.sample(options, self.random.randint(1, min(most, len(options))))

    def apart(self, sources):
        """Members of an interval set must not overlap."""
        return self.pick(["10.98.1.2", "10.98.2.0/24"], ["10.98.1.0/24"], ["172.20.0.0/16", "10.98.1.3"],
                         ["10.98.1.64/26", "10.98.2.9", "192.0.2.0/24"])

    def ports(self, transport):
        return TCP if transport == "tcp" else UDP if transport == "udp" else TCP + UDP

    def port(self, transport):
        ports = self.ports(transport)
        key = "th" if transport == "th" else transport
        kind = self.random.randrange(6)
        if kind == 0:
            return f"{key} dport {{ {', '.join(map(str, self.some(ports)))} }}"
        if kind == 1:
            first = self.random.choice(ports)
            return f"{key} dport {first}-{first + self.random.randint(1, 3)}"
        if kind == 2:
            return f"{key} dport != {self.random.choice(ports)}"
        if kind == 3 and transport == "tcp":
            return f"tcp dport {self.pick('<', '>', '<=', '>=')} {self.random.choice(ports)}"
        return f"{key} dport {self.random.choice(ports)}"

    def matches(self, family):
        """One condition; of those for one family only some are used in tables of another."""
        four = [
            lambda: f"ip saddr {self.random.choice(SOURCES)}",
            lambda: f"ip saddr {self.random.choice(SOURCES[:-1])}",
            lambda: f"ip saddr != {self.random.choice(SOURCES[:-1])}",
            lambda: f"ip saddr {{ {', '.join(self.apart(SOURCES))} }}",
            lambda: f"ip saddr != {{ {', '.join(self.apart(SOURCES))} }}",
            lambda: f"ip saddr @{self.pick('hosts', 'nets', 'grown')}",
            lambda: f"ip saddr != @{self.pick('hosts', 'nets')}",
            lambda: f"ip daddr {self.pick(*OWN, '10.98.0.0/16', '192.0.2.1')}",
            lambda: f"ip daddr != {self.random.choice(OWN)}",
            lambda: f"ip saddr . tcp dport @pairs",
            lambda: f"ip saddr . tcp dport {{ 10.98.1.2 . {self.random.choice(TCP)}, 10.98.2.0/24 . 7001-7003 }}",
            lambda: f"ip protocol {self.pick('tcp', 'udp', '!= tcp', 'icmp')}",
            lambda: f"ip ttl > {self.pick(1, 100)}",
            lambda: self.pick("ip dscp set cs0", "ip saddr & 0.0.0.1 == 0.0.0.1", "ip daddr & 255.255.0.0 == 10.98.0.0",
                              "ip frag-off & 0x1fff != 0", "ip saddr @fading"),
        ]
        six = [
            lambda: f"ip6 saddr {self.random.choice(SIX)}",
            lambda: f"ip6 saddr != {self.random.choice(SIX)}",
            lambda: f"ip6 nexthdr {self.pick('tcp', 'udp', 'icmpv6')}",
        ]
        any_family = [
            lambda: self.port("tcp"), lambda: self.port("tcp"), lambda: self.port("tcp"), lambda: self.port("udp"),
            lambda: f"meta l4proto {self.pick('tcp', 'udp', '{ tcp, udp }', '!= udp')}",
            lambda: f"meta l4proto {{ tcp, udp }} {self.port('th')}",
            lambda: f"iifname {self.pick('', '!= ')}\"{self.random.choice(DEVICES)}\"",
            lambda: f"iifname {self.pick(chr(34) + 'v*' + chr(34), '{ va, lo }', '{ vb }', chr(34) + 'eth*' + chr(34))}",
            lambda: f"iif {self.random.choice(DEVICES)}",
            lambda: "ct state " + self.pick("new", "established,related", "invalid", "!= new", "untracked",
                                            "{ new, untracked }", "new,untracked"),
            lambda: "tcp flags & (fin|syn|rst|ack) " + self.pick("== syn", "!= syn"),
            lambda: self.pick("tcp flags syn", "tcp flags ack", "tcp flags & (fin|syn) == (fin|syn)"),
            lambda: f"fib daddr type {self.pick('local', '!= local', 'multicast')}",
            lambda: f"meta pkttype {self.pick('host', 'multicast')}",
            lambda: f"ct status {self.pick('dnat', '! dnat')}".replace("status ! dnat", "status dnat"),
            lambda: f"ct direction {self.pick('original', 'reply')}",
            lambda: f"meta mark {self.pick('0', '1', '!= 1')}",
            lambda: "limit rate 5000/second burst 5000 packets",
            lambda: "limit rate over 5000/second burst 5000 packets",
            lambda: self.pick("tcp sport > 1024", "udp sport 53"),
            lambda: f"meta nfproto {self.pick('ipv4', 'ipv6')}",
            lambda: "fib saddr . iif oif " + self.pick("missing", "exists"),
            lambda: "ct mark " + self.pick("0", "7"),
            lambda: "counter",
            # statements that end their rule where a map has no member
            lambda: self.pick(f"counter name tcp dport map {{ {self.random.choice(TCP)} : \"seen\" }}",
                              f"meta mark set tcp dport map {{ {self.random.choice(TCP)} : 5 }}"),
            lambda: self.pick("tcp flags ! syn", "tcp flags != syn", "tcp flags { syn, ack }", "ct state ! new",
                              "tcp option maxseg exists", "fib daddr . iif type local", "meta protocol ip",
                              f"tcp dport & 1 {self.pick('==', '!=')} 1", f"@th,16,16 {self.random.choice(TCP)}",
                              f"ct original proto-dst {self.random.choice(TCP)}", "exthdr frag missing"),
        ]
        pool = any_family + (four if family != "ip6" else []) + (six if family != "ip" else [])
        return self.random.choice(pool)()

    def vmap(self, family, chains):
        verdicts = ["accept", "drop", "return"] + [f"jump {c}" for c in chains]
        v = lambda: self.random.choice(verdicts)
        return self.pick(
            f"tcp dport vmap {{ 7001 : {v()}, 7002-7003 : {v()} }}",
            f"ct state vmap {{ established : accept, related : accept, invalid : drop, new : {v()} }}",
            f"iifname vmap {{ \"va\" : {v()}, \"vb\" : {v()} }}",
            f"meta l4proto vmap {{ tcp : {v()}, udp : {v()} }}",
            *([f"ip saddr vmap {{ 10.98.1.0/24 : {v()}, 10.98.2.9 : {v()} }}",
               f"ip saddr vmap {{ 10.98.1.2 : {v()}, * : {v()} }}",
               f"ip saddr . tcp dport vmap {{ 10.98.1.2 . 7001 : {v()}, 10.98.2.0/24 . 7001-7004 : {v()} }}",
               "ip saddr vmap @judged"] if family != "ip6" else []))

    def rule(self, family, chains, base):
        if self.random.random() < 0.15:
            conditions = [self.matches(family)] if self.random.random() < 0.4 else []
            return " ".join([*conditions, self.vmap(family, chains)])
        conditions = [self.matches(family) for _ in range(self.pick(0, 1, 1, 1, 2, 2, 3))]
        verdicts = ["accept"] * 6 + ["drop"] * 5 + ["reject", "return", "counter"]
        if not conditions:
            verdicts = ["accept", "drop", "counter", "counter", "counter", "log"]
        verdicts += [f"jump {c}" for c in chains] * 2 + [f"goto {c}" for c in chains]
        return " ".join([*conditions, self.random.choice(verdicts)])

    def chain(self, name, family, callable_chains, head=""):
        rules = [self.rule(family, callable_chains, bool(head)) for _ in range(self.random.randint(1, 6))]
        if head and self.random.random() < 0.5:
            rules.insert(0, "ct state established,related accept")
        return "\n".join([f"chain {name} {{", head, *rules, "}"])

    def nat(self, family):
        rules = []
        for _ in range(self.random.randint(1, 3)):
            condition = self.pick("", "iifname \"va\" ", "iifname != \"va\" ", "fib daddr type local ",
                                  *(["ip saddr 10.98.1.2 ", "ip saddr 10.98.2.0/24 ", "ip daddr 10.98.1.1 "]
                                    if family != "ip6" else []))
            port = self.random.choice(TCP + [7090, 7091])
            to = self.random.choice(TCP)
            action = self.pick(f"redirect to :{to}", f"redirect to :{to}", "accept", "return",
                               *([f"dnat {'ip ' if family == 'inet' else ''}to {self.random.choice(OWN)}:{to}",
                                  f"dnat {'ip ' if family == 'inet' else ''}to 10.98.2.1",
                                  f"dnat {'ip ' if family == 'inet' else ''}to 192.0.2.7:{to}"] if family != "ip6" else []))
            rules.append(f"{condition}tcp dport {port} {action}")
        return "\n".join(["chain nat {", "type nat hook prerouting priority dstnat; policy accept;", *rules, "}"])

    def early(self, family):
        rules = [self.pick("udp dport 7101 notrack", "tcp dport 7002 notrack", "ip saddr 10.98.1.3 notrack",
                           "meta mark set 1", "tcp dport 7001 drop", "ip saddr 10.98.2.0/24 drop",
                           "fib saddr . iif oif missing drop", "tcp dport 7004 meta mark set 7",
                           self.rule("ip", [], True)) for _ in range(self.random.randint(1, 3))]
        if family == "ip6":
            rules = [r for r in rules if "ip saddr" not in r and "ip daddr" not in r and "ip protocol" not in r
                     and "ip ttl" not in r] or ["udp dport 7102 notrack"]
        return "\n".join(["chain early {", f"type filter hook prerouting priority {self.pick(-300, -190, -150, -50)}; "
                                            "policy accept;", *rules, "}"])

    def table(self, name, family):
        parts = []
        if family != "ip6":
            parts.append("set hosts { type ipv4_addr; elements = { 10.98.1.2, 10.98.2.9 }\n}")
            parts.append("set nets { type ipv4_addr; flags interval,timeout; "
                         "elements = { 10.98.2.0/24, 172.20.0.0/16 timeout 1h }\n}")
            parts.append("set fading { type ipv4_addr; timeout 1h; elements = { 10.98.1.2, 172.20.5.5 }\n}")
            parts.append("set grown { type ipv4_addr; size 8; flags dynamic; elements = { 10.98.1.3 }\n}")
            parts.append("set pairs { type ipv4_addr . inet_service; elements = { 10.98.1.2 . 7001, 10.98.1.3 . 7004 }\n}")
            parts.append(f"map judged {{ type ipv4_addr : verdict; elements = {{ 10.98.1.2 : {self.pick('accept', 'drop')}, "
                         f"172.20.5.5 : {self.pick('drop', 'return')} }}\n}}")
        parts.append("counter seen { }")
        below = self.chain("below", family, [])
        side = self.chain("side", family, ["below"])
        parts += [below, side]
        if self.random.random() < 0.25:
            parts.append(self.early(family))
        if self.random.random() < 0.3:
            parts.append(self.nat(family))
        if family == "inet" and self.random.random() < 0.06:
            parts.append(self.chain("arriving", "inet", [], f"type filter hook ingress device {self.random.choice(DEVICES)} "
                                                          "priority 0; policy accept;"))
            # what is of no device at ingress stays out
            parts[-1] = "\n".join(line for line in parts[-1].split("\n")
                                  if not any(w in line for w in ("fib", "ct ", "reject", "pkttype", "socket")))
        priority = self.random.choice([-10, 0, 0, 10])
        parts.append(self.chain("input", family, ["side", "below"], f"type filter hook input priority {priority}; "
                                                                 f"policy {self.pick('accept', 'drop')};"))
        if self.random.random() < 0.15:
            parts.append(self.chain("later", family, ["side"], "type filter hook input priority 50; policy accept;"))
        return "\n".join([f"table {family} {name} {{", *parts, "}"])

    def nft(self):
        tables = [self.table("first", self.pick("inet", "inet", "ip", "ip6"))]
        if self.random.random() < 0.3:
            tables.append(self.table("second", self.pick("inet", "ip")))
        return "\n".join(tables) + "\n"

    def iptables(self):
        targets = ["ACCEPT"] * 4 + ["DROP"] * 4 + ["REJECT", "RETURN", "side", "LOG --log-prefix \"x y\""]

        def condition():
            return self.pick(
                f"-s {self.pick('10.98.1.0/24', '10.98.1.2', '172.20.0.0/16', '10.98.2.9')}", f"! -s 10.98.1.2",
                f"-d {self.random.choice(OWN)}", f"-i {self.random.choice(DEVICES)}", f"! -i va", "-i v+",
                f"-p tcp -m tcp --dport {self.random.choice(TCP)}", f"-p tcp -m tcp --dport 7001:7003",
                f"-p tcp -m tcp ! --dport 7004", f"-p udp -m udp --dport {self.random.choice(UDP)}",
                f"-p tcp -m multiport --dports 7001,7003:7004", f"-p tcp -m multiport ! --dports 7001,7002",
                f"-p tcp -m multiport --ports 7001,7002",
                "-m conntrack --ctstate " + self.pick("NEW", "RELATED,ESTABLISHED", "INVALID", "NEW,UNTRACKED", "DNAT"),
                "-m conntrack ! --ctstate " + self.pick("NEW", "INVALID", "RELATED,ESTABLISHED"), "-m state --state NEW",
                "-m addrtype --dst-type " + self.pick("LOCAL", "MULTICAST"), "-m addrtype ! --dst-type LOCAL",
                "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", "-p tcp -m tcp ! --syn", "-m mark --mark 0x1/0xff",
                "-m mark ! --mark 0x1", "-m limit --limit 5000/sec --limit-burst 5000",
                "-m iprange --src-range 10.98.1.1-10.98.1.9", "-m pkttype --pkt-type " + self.pick("unicast", "broadcast"),
                "-m ttl --ttl-gt 3", "-m comment --comment \"tcp dport 7001 drop\"", "-p icmp -m icmp --icmp-type 8",
                "-p tcp -m tcp --sport 1024:65535",
                self.pick("-m addrtype --dst-type LOCAL --limit-iface-in", "-m conntrack --ctstate NEW,DNAT",
                          "-m conntrack ! --ctstate NEW,DNAT", "-m length --length 40:1500", "-f", "-m dscp --dscp 0",
                          "-m mac --mac-source 02:00:00:00:01:02", "-m recent --name seen --rcheck",
                          "-p tcp -m tcp --tcp-option 2", "-m time --timestart 00:00 --timestop 23:59"))

        def rules(chain, allowed):
            for _ in range(self.random.randint(1, 6)):
                parts = [condition()] if self.random.random() < 0.9 else []
                second = condition()
                if self.random.random() < 0.4 and not (parts and "-p " in parts[0] and "-p " in second) and \
                        (not parts or second.split()[-3:-1] != parts[0].split()[-3:-1]) and \
                        not any(f in second and parts and f in parts[0] for f in ("-s ", "-d ", "-i ")):
                    parts.append(second)
                target = self.random.choice([t for t in targets if t != "side" or allowed])
                if not parts and target in ("DROP", "REJECT", "ACCEPT"):
                    continue
                yield f"-A {chain} {' '.join(parts)} -j {target}"

        lines = ["*filter", f":INPUT {self.pick('ACCEPT', 'DROP')}", ":side -", *rules("INPUT", True), *rules("side", False),
                 "COMMIT"]
        if self.random.random() < 0.3:
            lines += ["*nat", ":PREROUTING ACCEPT",
                      f"-A PREROUTING -p tcp -m tcp --dport {self.random.choice(TCP + [7090])} "
                      f"-j REDIRECT --to-ports {self.random.choice(TCP)}",
                      f"-A PREROUTING -m addrtype --dst-type LOCAL -p tcp -m tcp --dport {self.random.choice(TCP)} "
                      f"-j DNAT --to-destination {self.random.choice(OWN)}:{self.random.choice(TCP)}", "COMMIT"]
        if self.random.random() < 0.2:
            lines += ["*raw", ":PREROUTING ACCEPT", "-A PREROUTING -p udp -m udp --dport 7101 -j CT --notrack", "COMMIT"]
        return "\n".join(lines) + "\n"
