/** Few values, so that rules and packets meet. */
export const pools = {
  ports: [22, 80, 81, 443, 2379, 5432, 5433, 9000],
  4: {
    icmp: 1,
    prefixes: ['10.66.0.', '192.0.2.', '198.51.100.'],
    sources: ['10.66.0.2', '10.66.0.3', '10.66.0.200', '192.0.2.9', '198.51.100.7'],
    networks: [
      '10.66.0.2',
      '10.66.0.0/24',
      '10.66.0.0/31',
      '10.0.0.0/8',
      '192.0.2.0/24',
      '10.0.0.2/255.0.0.255',
      '0.0.0.0/0',
    ],
    ranges: ['10.66.0.2-10.66.0.2', '10.66.0.0-10.66.0.150', '192.0.2.9-198.51.100.7'],
    destinations: [
      '10.66.0.1',
      '10.66.0.1',
      '10.66.0.1',
      '10.66.0.10',
      '10.77.0.1',
      '10.77.0.2',
      '10.77.0.3',
      '10.66.0.255',
      '224.0.0.1',
    ],
    targets: [
      '10.66.0.1',
      '10.66.0.0/24',
      '10.77.0.0/24',
      '10.77.0.2',
      '10.66.0.10',
      '224.0.0.0/4',
      '10.0.0.1/255.0.0.255',
    ],
    prefixed: ['10.66.0.1', '10.66.0.0/24', '10.77.0.0/24', '10.77.0.2', '10.66.0.10'],
    targetRanges: ['10.66.0.1-10.66.0.9', '10.77.0.2-10.77.0.3', '10.66.0.10-10.77.0.2'],
    types: ['LOCAL', 'UNICAST', 'BROADCAST', 'MULTICAST', 'LOCAL,UNICAST', 'BROADCAST,MULTICAST'],
    sets: [
      'ip4 src',
      'ip4 dst',
      'net4 src',
      'net4 dst',
      'ipport4 src,dst',
      'ipport4 dst,dst',
      'netport4 src,dst',
      'both4 src,dst,dst',
      'ports dst',
      'list4 src',
      'masked4 src',
      'iface4 src,src',
      'net4 src,src',
      'ipport4 src',
      'empty4 src',
      'bit4 src',
    ],
    changing: 'changing4',
    dnat: [
      '10.77.0.2',
      '10.77.0.2:80',
      '10.77.0.3:5432',
      '10.66.0.10',
      '10.66.0.1:80',
      ':443',
      '10.77.0.2-10.77.0.3',
      '10.77.0.2:80-81',
    ],
  },
  6: {
    icmp: 58,
    prefixes: ['fd66::', '2001:db8::', '2001:db8:1::'],
    sources: ['fd66::2', 'fd66::3', 'fd66::200', '2001:db8::9', '2001:db8:1::7'],
    networks: ['fd66::2', 'fd66::/64', 'fd66::2/127', 'fd00::/8', '2001:db8::/64', '2001:db8::/32', '::/0'],
    ranges: ['fd66::2-fd66::2', 'fd66::-fd66::150', '2001:db8::9-2001:db8:1::7'],
    destinations: ['fd66::1', 'fd66::1', 'fd66::1', 'fd66::10', 'fd77::1', 'fd77::2', 'fd77::3', 'ff02::1'],
    targets: ['fd66::1', 'fd66::/64', 'fd77::/64', 'fd77::2', 'fd66::10', 'ff00::/8'],
    prefixed: ['fd66::1', 'fd66::/64', 'fd77::/64', 'fd77::2', 'fd66::10'],
    targetRanges: ['fd66::1-fd66::9', 'fd77::2-fd77::3', 'fd66::10-fd77::2'],
    types: ['LOCAL', 'UNICAST', 'MULTICAST'],
    sets: ['ip6 src', 'ip6 dst', 'net6 src', 'net6 dst', 'ipport6 src,dst', 'netport6 src,dst', 'ports dst'],
    changing: 'changing6',
    dnat: [
      '[fd77::2]',
      '[fd77::2]:80',
      '[fd77::3]:5432',
      'fd66::10',
      '[fd66::1]:80',
      ':443',
      'fd77::2-fd77::3',
      '[fd77::2]:80-81',
    ],
  },
} as const

/** For `ipset restore`. */
export const sets = `
create ip4 hash:ip family inet
add ip4 10.66.0.2
add ip4 192.0.2.9
add ip4 10.77.0.2
add ip4 10.66.0.1
create net4 hash:net family inet
add net4 10.66.0.0/24
add net4 10.66.0.2/31 nomatch
add net4 10.66.0.3/32
add net4 198.51.100.0/25
add net4 10.77.0.2/31
create ipport4 hash:ip,port family inet
add ipport4 10.66.0.2,tcp:80
add ipport4 10.66.0.2,udp:80
add ipport4 10.66.0.3,tcp:5432
add ipport4 10.66.0.1,tcp:443
add ipport4 192.0.2.9,112:0
create netport4 hash:net,port family inet
add netport4 10.66.0.0/24,tcp:80
add netport4 10.66.0.0/24,udp:9000
add netport4 192.0.0.0/8,tcp:22
create both4 hash:ip,port,ip family inet
add both4 10.66.0.2,tcp:80,10.66.0.1
add both4 10.66.0.3,udp:5432,10.66.0.10
create ports bitmap:port range 0-65535
add ports 22
add ports 80
add ports 5000-6000
create masked4 hash:ip family inet netmask 24
add masked4 192.0.2.0
add masked4 10.66.0.0
create iface4 hash:net,iface family inet
add iface4 10.66.0.0/24,h0
add iface4 192.0.2.0/24,h1
create bit4 bitmap:ip range 10.66.0.0/24
add bit4 10.66.0.2
create empty4 hash:ip family inet
create changing4 hash:ip family inet
create changing6 hash:ip family inet6
create list4 list:set size 8
add list4 ip4
add list4 masked4
create ip6 hash:ip family inet6
add ip6 fd66::2
add ip6 2001:db8::9
add ip6 fd77::2
create net6 hash:net family inet6
add net6 fd66::/64
add net6 fd66::2/127 nomatch
add net6 2001:db8:1::/48
create ipport6 hash:ip,port family inet6
add ipport6 fd66::2,tcp:80
add ipport6 fd66::3,udp:5432
create netport6 hash:net,port family inet6
add netport6 fd66::/64,tcp:80
add netport6 2001:db8::/32,udp:443
`.trimStart()
