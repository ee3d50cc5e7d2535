/** What tells that a process of Robotoff does its work, without an interpreter: these run for ever, in every container. */
import { healthcheck } from "../healthchecks.ts";
import type { HealthCheck } from "../spec.ts";

/** Milliseconds that a process of upstream's may take to load its data; one that is ready at once waits for nothing. */
export const LOADING = 2 * 60_000;

/**
 * Holds while process 1 runs this command of Robotoff and its main thread sleeps: it is past its start, which computes
 * without a pause (upstream's scheduler waits on a lock from then on, and works in other threads; it keeps no connection
 * by which to know it). A process that crashes while it starts never gets there.
 * https://docs.kernel.org/filesystems/proc.html (stat: 3 state, 14 and 15 processor time)
 */
export function asleep(command: string): HealthCheck {
  const look = "cut -d' ' -f3,14,15 /proc/1/task/1/stat";
  const script = `grep -q "$0" /proc/1/cmdline && a=$(${look}) && sleep 1 && [ "$(${look})" = "$a" ] && [ "\${a%% *}" = S ]`;
  return healthcheck(["CMD", "sh", "-c", script, command], { startPeriod: LOADING });
}

/**
 * Holds while a connection to the server that two variables name is ESTABLISHED (01), whatever else is connected: the
 * update Redis may be another than the queues', on the same port.
 * https://docs.kernel.org/networking/proc_net_tcp.html (addresses in the machine's byte order)
 * @param host the variable with the server's name or IPv4 address
 * @param port the variable with its port; unset: Redis' own
 */
export function connectedToServer(host: string, port: string): HealthCheck {
  const hex = `$(IFS=.; set -- $ip; printf '%02X%02X%02X%02X:%04X' "$4" "$3" "$2" "$1" "\${${port}:-6379}")`;
  const grep = `grep -Eqs ": [0-9A-F]+:[0-9A-F]{4} (0{16}FFFF0000)?${hex} 01 " /proc/net/tcp /proc/net/tcp6 && exit`;
  const script = `for ip in $(getent ahostsv4 "$${host}" | cut -d' ' -f1 | sort -u); do ${grep}; done; exit 1`;
  return healthcheck(["CMD", "sh", "-c", script], { startPeriod: LOADING });
}
