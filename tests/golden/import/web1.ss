Netid State  Recv-Q Send-Q       Local Address:Port  Peer Address:PortProcess
udp   UNCONN 0      0            127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=611,fd=13))
udp   UNCONN 0      0        192.0.2.10%ens3:68         0.0.0.0:*    users:(("systemd-network",pid=598,fd=20))
udp   UNCONN 0      0                     [::]:5353          [::]:*    users:(("avahi-daemon",pid=701,fd=13))
tcp   LISTEN 0      128                0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=812,fd=3))
tcp   LISTEN 0      511                      *:80               *:*    users:(("nginx",pid=902,fd=6),("nginx",pid=901,fd=6))
tcp   LISTEN 0      4096             127.0.0.1:6379       0.0.0.0:*    users:(("redis-server",pid=933,fd=6))
tcp   LISTEN 0      5                  0.0.0.0:23         0.0.0.0:*    users:(("inetd",pid=950,fd=7))
tcp   ESTAB  0      0               192.0.2.10:22    198.51.100.7:51514
tcp   LISTEN 0      128                   [::]:22            [::]:*    users:(("sshd",pid=812,fd=4))
u_str LISTEN 0      4096   /run/dbus/system_bus_socket 9981            * 0
