import { z } from "zod";
import * as field from "./fields.ts";
import * as text from "./names.ts";

const MONITORING_SERVICES = [
  "prometheus", "alertmanager", "node-exporter", "blackbox-exporter", "docker-proxy", "cadvisor", "robotoff-postgres-exporter", "protea-postgres-exporter",
  "redis-exporter", "elasticsearch-exporter",
] as const; // prettier-ignore

const URL = "a URL such as https://hooks.example.org/alerts";
const url = z.string().regex(/^https?:\/\/[^\s"'\\]+$/, { error: URL });

const address = z.string().regex(/^[\w.+-]+@[\w.-]+$/, { error: "an address such as off@example.org" });

/** Where alerts go. Passwords and addresses that are a password are secrets. */
const receivers = z
  .strictObject({
    mail: z
      .strictObject({
        to: z.array(address).min(1),
        from: address,
        server: text.hostAndPort.meta({ description: "HOST:PORT of the mail server" }),
        user: z
          .string()
          .regex(/^[\w.@+-]+$/, { error: "letters, digits and . _ @ + -" })
          .optional()
          .meta({ description: "Its user; the password is the secret mailPassword. Left out: no log-in" }),
        tls: z.boolean().default(true).meta({ description: "Refuse a server without STARTTLS" }),
      })
      .optional(),
    webhook: url.optional().meta({ description: "Gets Alertmanager's JSON by POST" }),
    slack: z
      .strictObject({ channel: z.string().regex(/^[#@][\w.-]+$/, { error: "a channel such as #alerts" }) })
      .optional()
      .meta({ description: "The address of its webhook is the secret slackUrl" }),
  })
  .prefault({})
  .meta({ description: "Who is told; none: alerts are only on Alertmanager's page" });

/** `monitoring:`, the system that watches the others; off unless enabled is true. */
export const monitoring = z.strictObject({
  enabled: z.boolean().default(false),
  project: text.name.default("monitoring"),
  images: z
    .strictObject({
      prometheus: field.image.default("prom/prometheus:v2.53.3"),
      alertmanager: field.image.default("prom/alertmanager:v0.28.1"),
      nodeExporter: field.image.default("prom/node-exporter:v1.9.0"),
      blackboxExporter: field.image.default("prom/blackbox-exporter:v0.26.0"),
      haproxy: field.image.default("haproxy:3.0"),
      cadvisor: field.image.default("ghcr.io/google/cadvisor:0.56.2"),
      postgresExporter: field.image.default("prometheuscommunity/postgres-exporter:v0.17.1"),
      redisExporter: field.image.default("oliver006/redis_exporter:v1.69.0-alpine"),
      elasticsearchExporter: field.image.default("prometheuscommunity/elasticsearch-exporter:v1.9.0"),
    })
    .prefault({}),
  interval: field.duration
    .refine((milliseconds) => milliseconds >= 1_000 && milliseconds <= 60_000 && milliseconds % 1_000 === 0, {
      error: "whole seconds from 1s to 1m",
    })
    .prefault("15s")
    .meta({
      description:
        "How often everything is asked. The rules' times are for 15s, and are longer or shorter with another interval",
    }),
  retention: field.durationOf(3_600).prefault("720h").meta({ description: "How long measurements are kept" }),
  retentionSize: field.size.prefault("2g").meta({ description: "… and how much disk they take at most" }),
  certificates: z
    .array(z.string().regex(/^https:\/\/[^\s"'\\]+$/, { error: "an https:// URL" }))
    .default([])
    .meta({ description: "Public URLs whose certificates are watched, and that have to answer" }),
  recoverableWindow: field.duration
    .prefault("24h")
    .meta({ description: "An alert when less than this can be restored, once there are backups for twice as long" }),
  receivers,
  deadManSwitch: url.optional().meta({
    description:
      "Asked for (POST) every few minutes while alerts work: whoever is behind it, elsewhere, raises the alarm when that stops",
  }),
  services: field.settingsOf(MONITORING_SERVICES),
  volumes: z.record(text.name, field.volume).default({}),
});
export type MonitoringSettings = z.infer<typeof monitoring>;
