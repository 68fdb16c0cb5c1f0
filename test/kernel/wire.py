"""
Three network namespaces in one process, a line of JSON in and a line of JSON out:

    client (c0) ---- (h0) host (h1) ---- (i0) inner

The namespaces have no name: they are gone when this process is, however it ends, and it ends when its input does.
Packets are written as frames on c0. What comes to the host itself is read from raw sockets, which the kernel serves after
INPUT; what is forwarded is read on i0; what is rejected is answered to c0.
"""
import ctypes, json, os, socket, struct, subprocess, sys, time

CLONE_NEWNET = 0x40000000
# Local experimental EtherType (IEEE 802): no netfilter, no protocol. It comes after all packets that were sent before it.
MARKER = 0x88B5
MAC = {'c0': 1, 'h0': 2, 'h1': 3, 'i0': 4}
libc = ctypes.CDLL(None, use_errno=True)


def mac(name):
    return bytes([2, 0, 0, 0, 0, MAC[name]])


def enter(fd):
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'setns')


def new_namespace():
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'unshare')
    return os.open('/proc/self/ns/net', os.O_RDONLY | os.O_CLOEXEC)


def run(words, text=None, check=True):
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f'{" ".join(words)}: {done.stderr.strip()}')
    return done


def ip(line):
    run(['ip', *line.split()])


def sysctl(name, value):
    with open('/proc/sys/' + name, 'w') as file:
        file.write(str(value))


def frames(name, protocol):
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
    found.bind((name, protocol))
    return roomy(found)


def roomy(found):
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE if hasattr(socket, 'SO_RCVBUFFORCE') else 33, 8 << 20)
    found.setblocking(False)
    return found


class Wire:
    def __init__(self, setup):
        # One CPU: what is sent first is then handled first, and the marker is behind all of it.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        self.client = new_namespace()
        self.inner = new_namespace()
        self.host = new_namespace()
        me = f'/proc/{os.getpid()}/fd/'
        for near, far, there in (('h0', 'c0', self.client), ('h1', 'i0', self.inner)):
            ip(f'link add {near} type veth peer name {far}')
            ip(f'link set {near} address {mac(near).hex(":")}')
            ip(f'link set {far} address {mac(far).hex(":")}')
            ip(f'link set {far} netns {me}{there}')
        for fd, far in ((self.client, 'c0'), (self.inner, 'i0')):
            enter(fd)
            sysctl(f'net/ipv6/conf/{far}/disable_ipv6', 1)
            ip(f'link set {far} up')
        enter(self.host)
        for path, value in (
            ('net/ipv4/ip_forward', 1),
            ('net/ipv6/conf/all/forwarding', 1),
            ('net/ipv4/conf/all/rp_filter', 0),
            ('net/ipv4/conf/default/rp_filter', 0),
            ('net/ipv4/icmp_ratelimit', 0),
            ('net/ipv6/icmp/ratelimit', 0),
            ('net/ipv6/conf/h0/accept_dad', 0),
            ('net/ipv6/conf/h1/accept_dad', 0),
            ('net/ipv4/conf/h0/rp_filter', 0),
            ('net/ipv4/conf/h1/rp_filter', 0),
        ):
            sysctl(path, value)
        for path in ('net/ipv4/icmp_msgs_per_sec', 'net/ipv4/icmp_msgs_burst'):
            try:
                sysctl(path, 1_000_000)
            except OSError:
                pass  # Of the whole machine on older kernels.
        for line in setup:
            ip(line)
        # Conntrack works as long as a rule asks for it: keep it from stopping between two rulesets.
        run(['nft', '-f', '-'], 'table inet keep { chain c { type filter hook output priority 300; ct state new accept; }; }')
        self.sniff_client = self.within(self.client, lambda: frames('c0', 0x0003))
        self.send_client = self.within(self.client, lambda: frames('c0', MARKER))
        self.sniff_inner = self.within(self.inner, lambda: frames('i0', 0x0003))
        self.mark_h0 = frames('h0', MARKER)
        self.mark_h1 = frames('h1', MARKER)
        self.raw = {}
        for family, kind in ((4, socket.AF_INET), (6, socket.AF_INET6)):
            for protocol in (6, 17, 58 if family == 6 else 1, 112):
                found = roomy(socket.socket(kind, socket.SOCK_RAW, protocol))
                if family == 6:
                    found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
                self.raw[family, protocol] = found
        self.services = [self.listen(kind, address, port) for kind, address, port in LISTENERS]
        for name in ('udp_timeout', 'tcp_timeout_syn_sent', 'tcp_timeout_syn_recv', 'tcp_timeout_established', 'tcp_timeout_close', 'icmp_timeout', 'icmpv6_timeout'):
            sysctl(f'net/netfilter/nf_conntrack_{name}', 3)
        sysctl('net/netfilter/nf_conntrack_generic_timeout', 1)
        sysctl('net/netfilter/nf_conntrack_udp_timeout_stream', 3600)

    def within(self, fd, make):
        enter(fd)
        try:
            return make()
        finally:
            enter(self.host)

    def listen(self, kind, address, port):
        found = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, kind)
        if ':' in address:
            found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        found.bind((address, port))
        if kind == socket.SOCK_STREAM:
            found.listen(64)
        found.setblocking(False)
        return found

    def facts(self):
        return {
            'addresses': json.loads(run(['ip', '-j', 'address']).stdout),
            'routes': json.loads(run(['ip', '-j', '-4', 'route']).stdout) + json.loads(run(['ip', '-j', '-6', 'route']).stdout),
        }

    def load(self, loads):
        """The first that is refused ends it; its message is the answer."""
        for words, text in loads:
            done = run(words, text, check=False)
            if done.returncode != 0:
                return f'{" ".join(words)}: {done.stderr.strip()}'
        return None

    def answer(self):
        """A reply from each service that was asked: its connection is then established."""
        for service in self.services:
            if service.type == socket.SOCK_DGRAM:
                try:
                    while True:
                        data, peer = service.recvfrom(2048)
                        service.sendto(data, peer)
                except BlockingIOError:
                    pass

    def send(self, packets):
        for found in (self.sniff_client, self.sniff_inner, self.mark_h0, *self.raw.values()):
            drain(found)
        for packet in packets:
            self.send_client.send(frame(packet))
        self.pass_marker(self.send_client, mac('c0'), self.mark_h0, [])
        seen_client, seen_inner = [], []
        self.pass_marker(self.mark_h1, mac('h1'), self.sniff_inner, seen_inner)
        self.pass_marker(self.mark_h0, mac('h0'), self.sniff_client, seen_client)
        observed = {}
        for data in seen_client:
            rejected(data, observed)
        for data in seen_inner:
            arrived(data[14:], observed, 'inner')
        for (family, protocol), found in self.raw.items():
            for data, destination in messages(found, family):
                if family == 4:
                    arrived(data, observed, 'host')
                else:
                    note(observed, 6, protocol, data, 'host', destination)
        return observed

    def pass_marker(self, out, source, back, seen):
        out.send(b'\xff' * 6 + source + struct.pack('!H', MARKER) + b'\0' * 46)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                data, address = back.recvfrom(2048)
            except BlockingIOError:
                time.sleep(0.0002)
                continue
            if address[2] == 4:  # PACKET_OUTGOING: our own
                continue
            if data[12:14] == struct.pack('!H', MARKER):
                return
            seen.append(data)
        raise RuntimeError('the marker did not come through')


def drain(found):
    try:
        while True:
            found.recv(4096)
    except BlockingIOError:
        pass


def messages(found, family):
    while True:
        try:
            data, extra, _, _ = found.recvmsg(4096, 256)
        except BlockingIOError:
            return
        destination = None
        for level, kind, value in extra:
            if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
                destination = socket.inet_ntop(socket.AF_INET6, value[:16])
        yield data, destination


def arrived(data, observed, where):
    version = data[0] >> 4
    if version == 4:
        note(observed, 4, data[9], data[(data[0] & 15) * 4:], where, socket.inet_ntoa(data[16:20]))
    elif version == 6:
        note(observed, 6, data[6], data[40:], where, socket.inet_ntop(socket.AF_INET6, data[24:40]))


def note(observed, family, protocol, data, where, destination):
    identity, port = identify(family, protocol, data)
    if identity is not None:
        observed[f'{family} {protocol} {identity}'] = {'at': where, 'destination': destination, 'port': port}


def identify(family, protocol, data):
    """The number that `frame` put in the packet: it is in the first eight bytes, so that an ICMP error quotes it."""
    if protocol in (6, 17) and len(data) >= 8:
        port = struct.unpack('!H', data[2:4])[0]
        if protocol == 6:
            return struct.unpack('!I', data[4:8])[0], port
        return struct.unpack('!H', data[0:2])[0], port
    if protocol in (1, 58) and len(data) >= 8:
        return struct.unpack('!H', data[4:6])[0], None
    if protocol == 112 and len(data) >= 8:
        return struct.unpack('!H', data[2:4])[0], None
    return None, None


def rejected(data, observed):
    """A TCP reset, or an ICMP error that quotes the packet. What has arrived overwrites it: then a closed port said so."""
    packet = data[14:]
    kind = data[12:14]
    if kind == b'\x08\x00':
        family, protocol, body = 4, packet[9], packet[(packet[0] & 15) * 4:]
    elif kind == b'\x86\xdd':
        family, protocol, body = 6, packet[6], packet[40:]
    else:
        return
    if protocol == 6 and body[13] & 4:
        # nf_send_reset acknowledges the sequence number (plus one for a SYN), or uses the acknowledgement as its own.
        observed.setdefault(f'reset {family} {struct.unpack("!H", body[2:4])[0]}', True)
    error = protocol == 1 and body[0] == 3 or protocol == 58 and body[0] == 1
    if not error:
        return
    inner = body[8:]
    if family == 4:
        quoted, rest = inner[9], inner[(inner[0] & 15) * 4:]
    else:
        quoted, rest = inner[6], inner[40:]
    identity, _ = identify(family, quoted, rest)
    if identity is not None:
        observed.setdefault(f'{family} {quoted} {identity}', {'at': 'rejected'})


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(packet):
    family, protocol = packet['family'], packet['protocol']
    kind = socket.AF_INET if family == 4 else socket.AF_INET6
    source = socket.inet_pton(kind, packet['source'])
    destination = socket.inet_pton(kind, packet['destination'])
    body = bytearray(payload(packet, protocol))
    pseudo = source + destination + struct.pack('!IHBB', len(body), 0, 0, protocol)
    where = {6: 16, 17: 6, 1: 2, 58: 2}.get(protocol)
    if where is not None:
        total = checksum((b'' if protocol == 1 else pseudo) + bytes(body))
        body[where:where + 2] = struct.pack('!H', total or 0xFFFF)
    if family == 4:
        header = bytearray(struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(body), packet['id'], 0, 64, protocol, 0, source, destination))
        header[10:12] = struct.pack('!H', checksum(bytes(header)))
    else:
        header = struct.pack('!IHBB16s16s', 6 << 28, len(body), protocol, 64, source, destination)
    return link(family, destination) + mac('c0') + (b'\x08\x00' if family == 4 else b'\x86\xdd') + bytes(header) + bytes(body)


def link(family, destination):
    if family == 6 and destination[0] == 0xFF:
        return b'\x33\x33' + destination[12:]
    if family == 4 and destination[0] >> 4 == 0xE:
        return bytes([1, 0, 0x5E, destination[1] & 127, destination[2], destination[3]])
    if family == 4 and destination[3] == 255:
        return b'\xff' * 6
    return mac('h0')


def payload(packet, protocol):
    identity = packet['id']
    if protocol == 6:
        return struct.pack('!HHIIBBHHH', packet['sourcePort'], packet['port'], identity, 0, 5 << 4, packet['flags'], 1024, 0, 0)
    if protocol == 17:
        return struct.pack('!HHHH', packet['sourcePort'], packet['port'], 12, 0) + b'ping'
    if protocol in (1, 58):
        return struct.pack('!BBHHH', packet['type'], packet['code'], 0, identity, 1) + b'ping'
    # Neither side has to understand it: what stands in it is ours.
    return struct.pack('!HHI', 0x3101, identity, 0) + b'\0' * 8


LISTENERS = []


def main():
    start = json.loads(sys.stdin.readline())
    for kind, address, port in start['listeners']:
        LISTENERS.append((socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM, address, port))
    wire = Wire(start['setup'])
    print(json.dumps(wire.facts()), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        out = {'error': wire.load(order.get('loads', []))}
        if out['error'] is None:
            out['saved'] = [run(words).stdout for words in order.get('saves', [])]
            out['observed'] = wire.send(order['packets'])
            if order.get('answer'):
                wire.answer()
        print(json.dumps(out), flush=True)


main()
