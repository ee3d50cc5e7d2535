/** A stack that is watched, at the pace of a question a second, so that a minute of the rules is four seconds (docs/monitoring.md). */
import { setTimeout as sleep } from "node:timers/promises";
import { AlertReceiver } from "./alert-receiver.ts";
import { faultsOf, HANGING } from "./alert-faults.ts";
import { until } from "../http.ts";
import { succeeded } from "./host.ts";
import { TestStack } from "./stack.harness.ts";

/** This machine's own affairs: it has no time server, and others work on it. */
const OF_THE_MACHINE = "ClockOff|DiskFull|DiskFillsUp|InodesLow|HostMemoryLow|HostUnreachable|ApiSlow";

export class Watched {
  readonly stack: TestStack;
  readonly receiver: AlertReceiver;

  private constructor(stack: TestStack, receiver: AlertReceiver) {
    this.stack = stack;
    this.receiver = receiver;
  }

  /**
   * Up, and nothing burns.
   * @param systems those beside `monitoring`
   * @param others alerts that what else runs on this machine may set off
   */
  static async create(systems: ("robotoff" | "protea")[], others: string[] = []): Promise<Watched> {
    const receiver = await AlertReceiver.listen();
    const stack = await TestStack.create([...systems, "monitoring"], undefined, true);
    const watched = new Watched(stack, receiver);
    try {
      await watched.begin(others);
    } catch (error) {
      await watched.remove();
      throw error;
    }
    return watched;
  }

  private async begin(others: string[]): Promise<void> {
    const { stack, receiver } = this;
    stack.config["monitoring:interval"] = "1s";
    stack.config["monitoring:receivers"] = { webhook: receiver.url("/alerts") };
    stack.config["monitoring:deadManSwitch"] = receiver.url("/alive");
    // What hangs is unhealthy after three checks, each of which is two minutes after the one before it of an exporter.
    for (const [system, service] of HANGING) stack.change(system, service, { healthcheck: { interval: "2s" } });
    succeeded(stack.up());
    this.silence(`alertname=~"${[OF_THE_MACHINE, ...others].join("|")}"`);
    await this.until("the dead man's switch", () => receiver.alive > 1);
    // What burned while it came up ends.
    await sleep(20_000);
    await this.until("quiet after the start", () => receiver.names().length === 0);
  }

  private async until(what: string, holds: () => boolean, seconds = 150): Promise<void> {
    await until(what, seconds, holds, () => `burning: ${this.receiver.names().join(", ")}`);
  }

  private silence(matcher: string): void {
    const amtool = ["amtool", "--alertmanager.url=http://127.0.0.1:9093", "silence", "add", "--duration=3h"];
    const words = [...amtool, "--author=test", "--comment=test", matcher];
    this.stack.docker("exec", this.stack.container("monitoring", "alertmanager"), ...words);
  }

  /** A fault has exactly its alerts told, and their end. @param name of faultsOf's */
  async tells(name: string): Promise<void> {
    const { stack, receiver } = this;
    const { told, begin, mend } = faultsOf(stack).find((fault) => fault.name === name)!;
    receiver.forget();
    const alert = told[0]!.split(" ")[0]!;
    const from = Date.now();
    let mended = false;
    try {
      await begin();
      await this.until(`${name} is told`, () => told.every((one) => receiver.names().includes(one.split(" ")[0]!)));
      const after = (Date.now() - from) / 1_000;
      // What else would be told comes with the next message.
      await sleep(6_000);
      await mend();
      mended = true;
      await this.until(`${name} is over`, () => receiver.names().length === 0, 240);
      const over = (Date.now() - from) / 1_000;
      console.log(`${name}: told after ${after.toFixed(0)} s, over ${over.toFixed(0)} s after it began`);
    } finally {
      if (!mended) await mend();
    }
    expect(receiver.begun().sort()).toEqual([...told].sort());
    const first = receiver.told.find(({ labels }) => labels.alertname === alert);
    expect(first!.labels.stack).toBe(stack.name);
    expect(Date.parse(first!.startsAt)).toBeGreaterThan(from - 1_000);
    expect(first!.annotations.command).toMatch(/^make \w+ STACK=/);
    expect(first!.annotations.runbook).toBe(`docs/runbooks.md#${alert.toLowerCase()}`);
  }

  async remove(): Promise<void> {
    this.stack.remove();
    await this.receiver.close();
  }
}
