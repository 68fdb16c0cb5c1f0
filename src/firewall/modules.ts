/** How many words follow each option of each match module (man iptables-extensions, 1.8.9). */
export const modules: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  tcp: {
    ...ones('sport source-port dport destination-port tcp-option'),
    'tcp-flags': 2,
    syn: 0,
  },
  udp: ones('sport source-port dport destination-port'),
  udplite: ones('sport source-port dport destination-port'),
  sctp: { ...ones('sport source-port dport destination-port'), 'chunk-types': 2 },
  dccp: ones('sport source-port dport destination-port dccp-types dccp-option'),
  multiport: ones('sports source-ports dports destination-ports ports'),
  icmp: ones('icmp-type'),
  icmp6: ones('icmpv6-type'),
  conntrack: ones(
    'ctstate ctproto ctorigsrc ctorigdst ctreplsrc ctrepldst ctorigsrcport ctorigdstport ctreplsrcport ctrepldstport ctstatus ctexpire ctdir',
  ),
  state: ones('state'),
  iprange: ones('src-range dst-range'),
  set: {
    'match-set': 2,
    ...zeros('return-nomatch update-counters update-subcounters'),
    ...ones('packets-eq packets-lt packets-gt bytes-eq bytes-lt bytes-gt'),
  },
  addrtype: { ...ones('src-type dst-type'), ...zeros('limit-iface-in limit-iface-out') },
  mark: ones('mark'),
  connmark: ones('mark'),
  limit: ones('limit limit-burst'),
  hashlimit: {
    ...ones(
      'hashlimit hashlimit-upto hashlimit-above hashlimit-burst hashlimit-mode hashlimit-name hashlimit-srcmask hashlimit-dstmask hashlimit-htable-size hashlimit-htable-max hashlimit-htable-expire hashlimit-htable-gcinterval hashlimit-rate-interval',
    ),
    'hashlimit-rate-match': 0,
  },
  connlimit: {
    ...ones('connlimit-upto connlimit-above connlimit-mask'),
    ...zeros('connlimit-saddr connlimit-daddr'),
  },
  recent: {
    ...zeros('set rcheck update remove reap rttl rsource rdest'),
    ...ones('seconds hitcount name mask'),
  },
  quota: ones('quota'),
  pkttype: ones('pkt-type'),
  physdev: {
    ...ones('physdev-in physdev-out'),
    ...zeros('physdev-is-in physdev-is-out physdev-is-bridged'),
  },
  ttl: ones('ttl-eq ttl-lt ttl-gt'),
  hl: ones('hl-eq hl-lt hl-gt'),
  rpfilter: zeros('loose validmark accept-local invert'),
  comment: ones('comment'),
  nfacct: ones('nfacct-name'),
  rt: { ...ones('rt-type rt-segsleft rt-len rt-0-addrs'), ...zeros('rt-0-res rt-0-not-strict') },
  frag: { ...ones('fragid fraglen'), ...zeros('fragres fragfirst fragmore fraglast') },
  hbh: ones('hbh-len hbh-opts'),
  dst: ones('dst-len dst-opts'),
  // Not evaluated. Their texts may look like options, so it has to be known where they end.
  string: { ...ones('string hex-string algo from to'), icase: 0 },
  helper: ones('helper'),
  mac: ones('mac-source'),
  statistic: ones('mode probability every packet'),
  length: ones('length'),
  dscp: ones('dscp dscp-class'),
  bpf: ones('bytecode object-pinned'),
  u32: ones('u32'),
}

function ones(names: string): Record<string, number> {
  return Object.fromEntries(names.split(' ').map((name) => [name, 1]))
}

function zeros(names: string): Record<string, number> {
  return Object.fromEntries(names.split(' ').map((name) => [name, 0]))
}
