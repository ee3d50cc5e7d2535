/** Alertmanager's own file. Pure. Secrets are files beside it, named here. JSON is YAML. */
import type { MonitoringSettings } from "../../config/monitoring.ts";
import { WRITTEN_FOR } from "./rules.ts";

/** Where the secrets are, in its container's memory. */
export const SECRETS = "/tmp/secrets";

/** An alert that stands for others: while it burns for a system, those are only its symptoms. */
const CAUSES = "ContainerDown|ContainerRestarting|ContainerOutOfMemory";

const titles = {
  subject: '{{ .CommonLabels.stack }}: {{ .Alerts.Firing | len }} wrong, {{ .Alerts.Resolved | len }} mended',
  // Since when, whose, what, and where it says what to type.
  text: [
    "{{ range .Alerts }}{{ if eq .Status \"firing\" }}WRONG since {{ .StartsAt.UTC.Format \"2006-01-02 15:04 UTC\" }}{{ else }}mended {{ .EndsAt.UTC.Format \"2006-01-02 15:04 UTC\" }}{{ end }}",
    "{{ .Annotations.summary }}",
    "  {{ .Annotations.command }}",
    "  {{ .Annotations.runbook }}",
    "{{ end }}",
  ].join("\n"),
}; // prettier-ignore

/** @returns alertmanager.yml */
export function alertmanagerFile(settings: MonitoringSettings): string {
  const { mail, slack, webhook } = settings.receivers;
  // As the rules: in questions, for 15 s each.
  const time = (wanted: number) => `${Math.max(1, Math.round((wanted * settings.interval) / WRITTEN_FOR))}s`;
  const people = {
    name: "people",
    ...(webhook && { webhook_configs: [{ url: webhook, send_resolved: true }] }),
    ...(mail && {
      email_configs: mail.to.map((to) => ({
        ...{ to, from: mail.from, smarthost: mail.server, require_tls: mail.tls, send_resolved: true },
        ...(mail.user && { auth_username: mail.user, auth_password_file: `${SECRETS}/mailPassword` }),
        headers: { Subject: titles.subject },
        html: "",
        text: titles.text,
      })),
    }),
    ...(slack && {
      slack_configs: [
        {
          ...{ api_url_file: `${SECRETS}/slackUrl`, channel: slack.channel, send_resolved: true },
          ...{ title: titles.subject, text: titles.text },
        },
      ],
    }),
  };
  const outside = { name: "dead-man-switch", webhook_configs: [{ url: settings.deadManSwitch, send_resolved: false }] };
  const file = {
    route: {
      receiver: "people",
      // One message for a host, whatever it is that stopped with it.
      group_by: ["stack"],
      group_wait: time(30),
      group_interval: time(300),
      repeat_interval: "12h",
      routes: [
        settings.deadManSwitch === undefined
          ? { matchers: ['alertname="Watchdog"'], receiver: "nobody" }
          : {
              ...{ matchers: ['alertname="Watchdog"'], receiver: outside.name },
              ...{ group_wait: "0s", group_interval: time(60), repeat_interval: time(60) },
            },
      ],
    },
    receivers: [people, { name: "nobody" }, ...(settings.deadManSwitch === undefined ? [] : [outside])],
    inhibit_rules: [
      { source_matchers: ['alertname="HostUnreachable"'], target_matchers: ['alertname!~"HostUnreachable|Watchdog"'], equal: ["stack"] },
      { source_matchers: [`alertname=~"${CAUSES}"`], target_matchers: ['symptom="yes"'], equal: ["stack", "system"] },
      // An exporter that is down is no answer of another system's server.
      { source_matchers: [`alertname=~"${CAUSES}"`, 'system="monitoring"'], target_matchers: ['alertname="MonitoringTargetDown"'], equal: ["stack"] },
      { source_matchers: ['alertname="ContainerOutOfMemory"'], target_matchers: ['alertname=~"ContainerDown|ContainerRestarting"'], equal: ["stack", "name"] },
    ],
  }; // prettier-ignore
  return `${JSON.stringify(file, undefined, 2)}\n`;
}
