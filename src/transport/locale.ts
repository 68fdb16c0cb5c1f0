import { lines, type Script, sh } from '../shell/sh.ts'

/**
 * Every script that is sent to a host, by whatever way (`exec`, `hold`, `pipe`, with sudo or without), runs in the C
 * locale and in UTC: tools speak English, bytes are bytes, and a clock reads the same on every host.
 *
 * It is said in the script and not in the command line: sudo would drop it there. What a script starts inherits it;
 * services do not, as systemd starts them.
 */
export function inC(script: Script): Script {
  return lines([sh`export LC_ALL=C TZ=UTC`, script])
}
