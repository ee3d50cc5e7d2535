import type { RobotoffSettings } from "../../config/robotoff.ts";
import { networkName, type EnvironmentValue } from "../spec.ts";

const SECRETS = {
  POSTGRES_PASSWORD: "robotoff:postgresPassword",
  ELASTIC_PASSWORD: "robotoff:elasticPassword",
  OFF_PASSWORD: "robotoff:offPassword",
  SENTRY_DSN: "robotoff:sentryDsn",
  INFLUXDB_AUTH_TOKEN: "robotoff:influxdbAuthToken",
  GOOGLE_CREDENTIALS: "robotoff:googleCredentials",
  BATCH_JOB_KEY: "robotoff:batchJobKey",
  AUTH_BEARER_TOKEN_NUTRIPATROL: "robotoff:nutripatrolToken",
};

/**
 * The variables every Robotoff process gets; each is read by upstream's code (docs/upstream.md). Host names with the
 * network's suffix: on a shared network `redis` may be another's.
 * @param has whether the stack has a secret, by its key
 */
export function environment(
  settings: RobotoffSettings,
  has: (secret: string) => boolean,
): Record<string, EnvironmentValue> {
  const at = (name: string) => `${name}.${networkName(settings, "servers")}`;
  return {
    ROBOTOFF_INSTANCE: settings.instance,
    ROBOTOFF_TLD: settings.tld,
    LOG_LEVEL: "INFO",
    LOG_ML_METRICS_ENABLED: "0",
    POSTGRES_HOST: at("postgres"),
    POSTGRES_DB: settings.postgres.database,
    POSTGRES_USER: settings.postgres.user,
    REDIS_HOST: at("redis"),
    // What `rq info` reads, so that it needs no arguments.
    RQ_REDIS_URL: `redis://${at("redis")}:6379`,
    REDIS_UPDATE_HOST: settings.redisUpdates.host ?? at("redis"),
    REDIS_UPDATE_PORT: String(settings.redisUpdates.port),
    // Spelled as upstream does. Its deployment sets REDIS_STREAM_NAME, which nothing reads.
    PRODUCT_UDPATE_STREAM_NAME: settings.redisUpdates.stream,
    ELASTIC_HOST: at("elasticsearch"),
    ELASTIC_USER: "elastic",
    DEFAULT_TRITON_URI: settings.triton.run ? `${at("triton")}:8001` : settings.triton.uri!,
    ...(settings.fasttext ? { FASTTEXT_HOST: at("fasttext"), FASTTEXT_PORT: "8000" } : {}),
    NUM_RQ_WORKERS: String(settings.highPriorityQueues),
    // Minutes. Upstream's default is 10, its deployment's 0.
    INSIGHT_AUTOMATIC_PROCESSING_WAIT: "0",
    // Where Robotoff writes GOOGLE_CREDENTIALS, and Google's library reads them.
    GOOGLE_APPLICATION_CREDENTIALS: "/opt/robotoff/credentials/google/credentials.json",
    ...settings.environment,
    ...Object.fromEntries(
      Object.entries(SECRETS)
        .filter(([, key]) => has(key))
        .map(([name, key]) => [name, { secret: key }]),
    ),
  };
}
