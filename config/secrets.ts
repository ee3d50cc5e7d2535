/** The secrets of a stack. Their values live in Pulumi's configuration (encrypted) or, generated, in its state. */
export interface Secret {
  /** Configuration key, `NAMESPACE:NAME`. */
  key: string;
  purpose: string;
  required: boolean;
}

/**
 * Robotoff's secrets. Production needs them all; elsewhere only what its own servers cannot start without.
 * @param production `robotoff:instance` is prod
 * @param elasticsearchSecurity Elasticsearch asks for a password
 */
export function robotoffSecrets(production: boolean, elasticsearchSecurity: boolean): Secret[] {
  return [
    { key: "robotoff:postgresPassword", purpose: "password of PostgreSQL", required: true },
    {
      key: "robotoff:elasticPassword",
      purpose: "password of Elasticsearch's user elastic",
      required: elasticsearchSecurity,
    },
    { key: "robotoff:offPassword", purpose: "OFF_PASSWORD, account of Open Food Facts", required: production },
    { key: "robotoff:sentryDsn", purpose: "SENTRY_DSN, error reports", required: production },
    { key: "robotoff:influxdbAuthToken", purpose: "INFLUXDB_AUTH_TOKEN, metrics", required: production },
    {
      key: "robotoff:googleCredentials",
      purpose: "GOOGLE_CREDENTIALS, a service account's JSON",
      required: production,
    },
    { key: "robotoff:batchJobKey", purpose: "BATCH_JOB_KEY, imports of batch jobs", required: production },
  ];
}

/** PROTEA's secrets: the passwords of its three servers. */
export function proteaSecrets(): Secret[] {
  return [
    { key: "protea:postgresPassword", purpose: "password of PostgreSQL", required: true },
    { key: "protea:rabbitmqPassword", purpose: "password of RabbitMQ", required: true },
    { key: "protea:minioPassword", purpose: "root password of MinIO", required: true },
  ];
}
