import {
  block,
  check,
  directory,
  file,
  group,
  line,
  link,
  pkg,
  playbook,
  role,
  sysctl,
  t,
  template,
  user,
} from 'provision'

const view = t.Object({ number: t.Integer(), hosts: t.Array(t.String()) })
const page = template('bench/page.conf.hbs', view)
const ten = [...Array(10).keys()]
const five = [...Array(5).keys()]

/** Packages that a bare Debian has not, small and without a daemon. */
export const packages = ['tree', 'bc', 'time', 'file', 'lsof', 'psmisc', 'rsync', 'strace', 'unzip', 'zip']

/** The hundred ordinary resources of the benchmark. */
const hundred = role({
  name: 'hundred',
  vars: t.Object({}),
  resources({ hosts }) {
    const names = hosts.map((h) => h.name)
    return [
      packages.map((name) => pkg(name)),
      five.map((i) => group(`bench${i}`)),
      five.map((i) => user(`bench${i}`, { group: `bench${i}` })),
      [...Array(15).keys()].map((i) => directory(`/etc/bench/d${i}`, { mode: '0750' })),
      [...Array(40).keys()].map((i) =>
        file(`/etc/bench/page${i}.conf`, { content: page({ number: i, hosts: names }) }),
      ),
      ten.map((i) => sysctl(`net.ipv4.conf.${i % 2 ? 'all' : 'default'}.${values[Math.floor(i / 2)]}`, 0)),
      five.map((i) => line('/etc/bench-shared', { line: `line ${i}` })),
      ten.slice(0, 3).map((i) => block('/etc/bench-shared', { name: `b${i}`, content: `block ${i}` })),
      ten.slice(0, 2).map((i) => link(`/etc/bench/link${i}`, { to: `/etc/bench/page${i}.conf` })),
      five.map((i) => check(`directory ${i}`, `test -d /etc/bench/d${i}`)),
    ]
  },
})

const values = [
  'accept_redirects',
  'send_redirects',
  'accept_source_route',
  'log_martians',
  'secure_redirects',
]

export default playbook('hundred', { on: 'all', roles: [hundred] })
