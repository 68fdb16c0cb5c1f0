import { file, service } from 'provision'

/** A unit that runs a program of ours once, by Docker: what a timer starts. `name` without its ending. */
export function oneshot(role: string, name: string, run: string) {
  return file(`/etc/systemd/system/${name}.service`, {
    content: `# Written by provision (role ${role}).\n[Unit]\nAfter=docker.service\n[Service]\nType=oneshot\nExecStart=${run}\n`,
  })
}

/** Starts the unit of the same name, unless `settings` say another: the lines of its section, as systemd.timer(5) has them. */
export function timer(
  role: string,
  name: string,
  settings: Readonly<Record<string, string | number | boolean>>,
) {
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`)
  const config = file(`/etc/systemd/system/${name}.timer`, {
    content: `# Written by provision (role ${role}).\n[Timer]\n${lines.join('')}[Install]\nWantedBy=timers.target\n`,
  })
  return [config, service(`${name}.timer`, { restartOn: [config] })]
}
