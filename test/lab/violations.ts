import { type Script, sh } from '../../src/shell/sh.ts'

/** Something wrong on a host, as an operator, an intruder or another tool does it. */
export interface Violation {
  readonly what: string
  readonly host: string
  readonly plant: Script
  /** Takes back what a run of provision does not. Our own chains are loaded again after each round. */
  readonly undo?: Script
  /** What the audit must find: ids, and a word of the evidence of each. */
  readonly finds: readonly (readonly [id: string, evidence: RegExp])[]
}

const listener =
  'use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 1, LocalPort => 9500) or die; sleep 600'

/** Those of one round do not touch each other: one audit sees them all. */
export const rounds: readonly (readonly Violation[])[] = [
  [
    {
      what: 'INPUT policy ACCEPT',
      host: 'h1',
      plant: sh`iptables -P INPUT ACCEPT`,
      finds: [['FW015', /:INPUT ACCEPT/]],
    },
    {
      what: 'rules loaded, but not kept',
      host: 'h1',
      plant: sh`cp -p /etc/provision/firewall.v6 /root/v6; sed -i '/icmpv6-type 135/d' /etc/provision/firewall.v6`,
      undo: sh`mv /root/v6 /etc/provision/firewall.v6`,
      finds: [['FW030', /gone after a boot: .*135/]],
    },
    {
      what: 'a port opened to everybody above the drop',
      host: 'h2',
      plant: sh`iptables -I PROVISION-IN 1 -p tcp --dport 9000 -j ACCEPT`,
      finds: [
        ['FW013', /--dport 9000/],
        ['FW029', /--dport 9000/],
      ],
    },
    {
      what: 'rules kept, but not loaded',
      host: 'h2',
      plant: sh`cp -p /etc/provision/firewall.v6 /root/v6; sed -i 's/^COMMIT/-A PROVISION-IN -p tcp --dport 9001 -j ACCEPT\nCOMMIT/' /etc/provision/firewall.v6`,
      undo: sh`mv /root/v6 /etc/provision/firewall.v6`,
      finds: [['FW031', /only after a boot: .*9001/]],
    },
    {
      what: 'the order of two rules changed so that it changes the effect',
      host: 'h3',
      plant: sh`r=$(iptables -S PROVISION-IN | grep -- '--dports 8404' | head -n 1); eval "iptables $(printf %s "$r" | sed 's/^-A/-D/')"; eval "iptables $r"`,
      finds: [
        ['FW014', /8404/],
        ['FW040', /PROVISION-IN -j DROP/],
      ],
    },
    {
      what: 'an unknown process listens on all addresses',
      host: 'h3',
      plant: sh`systemd-run --quiet --unit=stranger --collect perl -e ${listener}; until ss -Hltn 'sport = :9500' | grep -q .; do sleep 0.1; done`,
      undo: sh`systemctl stop stranger`,
      finds: [['FW091', /0\.0\.0\.0:9500 .*perl/]],
    },
  ],
  [
    {
      what: "etcd's client port opened before our jump",
      host: 'h1',
      plant: sh`iptables -I INPUT 1 -s 10.77.0.0/24 -p tcp --dport 2379 -j ACCEPT`,
      undo: sh`iptables -D INPUT -s 10.77.0.0/24 -p tcp --dport 2379 -j ACCEPT`,
      finds: [
        ['FW011', /--dport 2379/],
        ['FW020', /--dport 2379/],
      ],
    },
    {
      what: 'our unit switched off',
      host: 'h1',
      plant: sh`systemctl disable --quiet provision-firewall`,
      undo: sh`systemctl enable --quiet provision-firewall`,
      finds: [['FW032', /disabled/]],
    },
    {
      what: "Patroni's REST open to a foreign network",
      host: 'h2',
      plant: sh`iptables -I PROVISION-IN 1 -s 192.0.2.0/24 -p tcp --dport 8008 -j ACCEPT`,
      finds: [
        ['FW013', /192\.0\.2\.0/],
        ['FW022', /patroni/],
      ],
    },
    {
      what: 'IPv6 wide open while IPv4 is closed',
      host: 'h3',
      plant: sh`ip6tables -I PROVISION-IN 1 -j ACCEPT`,
      finds: [
        ['FW013', /-A PROVISION-IN -j ACCEPT/],
        ['FW060', /-A PROVISION-IN -j ACCEPT/],
      ],
    },
    {
      what: 'rules in the legacy backend as well',
      host: 'h3',
      plant: sh`iptables-legacy -A INPUT -p tcp --dport 9999 -j ACCEPT`,
      undo: sh`iptables-legacy -F INPUT`,
      finds: [['FW034', /--dport 9999/]],
    },
  ],
  [
    {
      what: 'a published container port that walks around INPUT',
      host: 'h1',
      plant: sh`docker run -d --name stranger -p 8080:80 --entrypoint sleep "$(docker images --format '{{.Repository}}:{{.Tag}}' | grep /etcd: | head -n 1)" 600 >/dev/null; iptables -I PROVISION-FWD 1 -i host0 -p tcp -m conntrack --ctorigdstport 8080 -j RETURN`,
      undo: sh`docker rm -f stranger >/dev/null`,
      finds: [
        ['FW013', /ctorigdstport 8080/],
        ['FW070', /DNAT/],
      ],
    },
    {
      what: 'DOCKER-USER emptied',
      host: 'h2',
      plant: sh`iptables -F DOCKER-USER`,
      finds: [['FW071', /DOCKER-USER/]],
    },
    {
      what: 'the rule for answers is missing',
      host: 'h2',
      plant: sh`ip6tables -D PROVISION-IN -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      finds: [['FW018', /DROP/]],
    },
    {
      what: 'an ipset emptied',
      host: 'h3',
      plant: sh`ipset create trusted hash:net; ipset add trusted 10.77.0.0/24; iptables -I INPUT 1 -p tcp --dport 8404 -m set ! --match-set trusted src -j DROP; ipset flush trusted`,
      undo: sh`iptables -D INPUT -p tcp --dport 8404 -m set ! --match-set trusted src -j DROP; ipset destroy trusted`,
      finds: [
        ['FW011', /match-set trusted/],
        ['FW040', /match-set trusted/],
        ['FW042', /no members/],
      ],
    },
  ],
  [
    {
      what: 'an allow that is shadowed',
      host: 'h1',
      plant: sh`iptables -A PROVISION-IN -s 192.0.2.9/32 -p tcp --dport 9100 -j ACCEPT`,
      finds: [['FW016', /192\.0\.2\.9.*/]],
    },
    {
      what: 'loopback not allowed',
      host: 'h1',
      plant: sh`ip6tables -D PROVISION-IN -i lo -j ACCEPT`,
      finds: [['FW019', /DROP/]],
    },
    {
      what: 'NAT redirect to a closed port',
      host: 'h2',
      plant: sh`iptables -t nat -A PREROUTING -p tcp --dport 8081 -j REDIRECT --to-ports 2381`,
      undo: sh`iptables -t nat -D PREROUTING -p tcp --dport 8081 -j REDIRECT --to-ports 2381`,
      finds: [['FW073', /--to-ports 2381/]],
    },
    {
      what: 'a rule is there twice',
      host: 'h2',
      plant: sh`iptables -I PROVISION-IN 1 -i lo -j ACCEPT`,
      finds: [['FW017', /-i lo/]],
    },
    {
      what: 'forwarding without a policy',
      host: 'h3',
      plant: sh`iptables -P FORWARD ACCEPT`,
      finds: [['FW072', /:FORWARD ACCEPT/]],
    },
    {
      what: 'an address that is no host of ours any more',
      host: 'h3',
      plant: sh`iptables -I PROVISION-IN 1 -s 10.77.0.99/32 -p tcp -m multiport --dports 2379,2380 -m comment --comment 'etcd clients and members' -j ACCEPT`,
      finds: [
        ['FW080', /10\.77\.0\.99/],
        ['FW020', /10\.77\.0\.99/],
        ['FW020', /10\.77\.0\.99/],
      ],
    },
  ],
  [
    {
      what: 'the rate limit of SSH removed',
      host: 'h1',
      plant: sh`n=$(iptables -S PROVISION-IN | grep -n -- '--dports 22 ' | cut -d: -f1); iptables -R PROVISION-IN $((n - 1)) -s 10.77.0.0/24 -p tcp -m multiport --dports 22 -m comment --comment 'ssh from admin' -j ACCEPT`,
      finds: [['FW052', /hashlimit/]],
    },
    {
      what: 'a source check of the kernel switched off',
      host: 'h1',
      plant: sh`sysctl -qw net.ipv4.conf.all.rp_filter=0`,
      undo: sh`sysctl -qw net.ipv4.conf.all.rp_filter=1`,
      finds: [['FW084', /rp_filter = 0/]],
    },
    {
      what: 'VXLAN open to everybody',
      host: 'h2',
      plant: sh`iptables -I PROVISION-IN 1 -p udp --dport 4789 -j ACCEPT`,
      finds: [
        ['FW013', /--dport 4789/],
        ['FW024', /--dport 4789/],
      ],
    },
    {
      what: 'drops not logged any more',
      host: 'h2',
      plant: sh`r=$(ip6tables -S PROVISION-IN | grep -- '-j LOG'); eval "ip6tables $(printf %s "$r" | sed 's/^-A/-D/')"`,
      finds: [['FW085', /LOG/]],
    },
    {
      what: 'our chain not asked any more',
      host: 'h3',
      plant: sh`ip6tables -D INPUT -j PROVISION-IN`,
      finds: [
        ['FW011', /PROVISION-IN/],
        ['FW018', /INPUT/],
        ['FW019', /INPUT/],
        // The one declared flow of IPv6 here.
        ['FW040', /DHCPv6/],
      ],
    },
  ],
  [
    {
      what: 'a rule of ours deleted',
      host: 'h1',
      plant: sh`iptables -D PROVISION-IN -s 10.77.0.2/32 -p tcp -m multiport --dports 9998 -m comment --comment 'a trial [ops]' -j ACCEPT`,
      finds: [
        ['FW012', /9998/],
        ['FW040', /a trial/],
      ],
    },
    {
      what: 'Docker may put its rules before ours',
      host: 'h1',
      plant: sh`mv /etc/systemd/system/docker.service.d/provision-firewall.conf /root/; systemctl daemon-reload`,
      undo: sh`mv /root/provision-firewall.conf /etc/systemd/system/docker.service.d/; systemctl daemon-reload`,
      finds: [['FW036', /drop-ins/]],
    },
    {
      what: 'sshd takes passwords',
      host: 'h2',
      plant: sh`echo 'PasswordAuthentication yes' > /etc/ssh/sshd_config.d/00-test.conf; systemctl reload ssh; sleep 1`,
      // sshd starts itself anew: for a moment nobody listens.
      undo: sh`rm /etc/ssh/sshd_config.d/00-test.conf; systemctl reload ssh; sleep 1`,
      finds: [['FW051', /passwordauthentication yes/]],
    },
    {
      what: 'a rule without an owner behind ours',
      host: 'h2',
      plant: sh`iptables -A INPUT -p tcp --dport 7777 -j ACCEPT`,
      undo: sh`iptables -D INPUT -p tcp --dport 7777 -j ACCEPT`,
      finds: [['FW081', /--dport 7777/]],
    },
    {
      what: 'a table of nftables that iptables does not show',
      host: 'h3',
      plant: sh`nft add table inet stranger; nft add chain inet stranger input '{ type filter hook input priority 5; policy accept; }'`,
      undo: sh`nft delete table inet stranger`,
      finds: [['FW035', /hooks input/]],
    },
    {
      what: 'VRRP from others than peers',
      host: 'h3',
      plant: sh`iptables -I PROVISION-IN 1 -p vrrp -j ACCEPT`,
      finds: [
        ['FW013', /-p (vrrp|112)/],
        ['FW025', /-p (vrrp|112)/],
      ],
    },
    {
      what: 'neighbour discovery dropped',
      host: 'h3',
      plant: sh`ip6tables -D PROVISION-IN -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT`,
      finds: [['FW043', /135/]],
    },
  ],
  [
    {
      what: 'ufw beside us',
      host: 'h2',
      plant: sh`ufw --force enable >/dev/null`,
      undo: sh`ufw --force disable >/dev/null; for t in iptables ip6tables; do for c in INPUT FORWARD OUTPUT; do $t -S $c | grep -- '-j ufw' | sed 's/^-A/-D/' | while read -r r; do $t $r; done; done; done`,
      finds: [['FW033', /ENABLED=yes/]],
    },
  ],
]

/** Loads our chains again from the files of the next boot. */
export const reload = sh`/usr/local/sbin/provision-firewall boot`
