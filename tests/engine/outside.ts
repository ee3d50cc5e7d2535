/** A machine that is outside: a network namespace of its own, behind this one. It knows no way to containers, as no machine outside does. */
import { spawn, type ChildProcess } from "node:child_process";
import { until } from "../http.ts";
import { must, run } from "./host.ts";

/** Says a word to whoever connects, also after somebody went without listening. */
const SERVER =
  "require('node:net').createServer((one) => one.on('error', () => undefined).end('outside')).listen(7777, () => console.log('listening'))"; // prettier-ignore

export class Outside {
  readonly address: string;
  private readonly machine: ChildProcess;
  private listening = false;

  private constructor(machine: ChildProcess, address: string) {
    this.machine = machine;
    this.address = address;
    machine.stdout!.on("data", () => (this.listening = true));
  }

  /** It is gone when its process is, and its cable with it. */
  static async create(): Promise<Outside> {
    // It begins when its cable is there.
    const machine = spawn("unshare", ["--net", "sh", "-c", 'read -r address && ip address add "$address" dev outside && ip link set outside up && exec node -e "$0"', SERVER], { stdio: ["pipe", "pipe", "inherit"] }); // prettier-ignore
    const pid = machine.pid!;
    // Of the addresses for tests of networks (RFC 2544), four for each process number.
    const base = ((pid % 2 ** 15) + 1) * 4;
    const at = (last: number) => `198.${18 + (base >> 16)}.${(base >> 8) & 255}.${(base & 255) + last}`;
    const outside = new Outside(machine, at(2));
    try {
      await until("it has a network of its own", 10, () => {
        const [own, its] = ["self", String(pid)].map((one) => run("readlink", [`/proc/${one}/ns/net`]).text);
        return own !== its && its !== "";
      });
      const cable = `out${pid}`;
      must("ip", "link", "add", cable, "type", "veth", "peer", "name", "outside", "netns", String(pid));
      must("ip", "address", "add", `${at(1)}/30`, "dev", cable);
      must("ip", "link", "set", cable, "up");
      machine.stdin.end(`${at(2)}/30\n`);
      await until("it listens", 10, () => outside.listening);
      return outside;
    } catch (error) {
      outside.remove();
      throw error;
    }
  }

  remove(): void {
    this.machine.kill("SIGKILL");
  }
}
