LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=812,fd=3)) uid:0 ino:19822 sk:1 cgroup:/system.slice/ssh.service <->
LISTEN 0 4096 *:9090 *:* users:(("java: main "x"",pid=4021,fd=9)) uid:998 ino:24410 sk:1001 v6only:0 <->
LISTEN 0 4096 [::1]:631 [::]:* ino:9912 sk:2002 v6only:1 <->
