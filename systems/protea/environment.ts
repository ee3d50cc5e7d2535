import type { ProteaSettings } from "../../config/protea.ts";
import type { EnvironmentValue } from "../spec.ts";

/** RabbitMQ with its user, as AMQP's clients take it. */
export const rabbitmqUrl = (user: string): EnvironmentValue => [
  `amqp://${user}:`,
  { secret: "protea:rabbitmqPassword", encode: "url" },
  "@rabbitmq/",
];

/** The variables the API, the migration and every worker get. */
export function environment(settings: ProteaSettings): Record<string, EnvironmentValue> {
  const { user, database } = settings;
  const password = (secret: string) => ({ secret, encode: "url" as const });
  return {
    PROTEA_DB_URL: [`postgresql+psycopg://${user}:`, password("protea:postgresPassword"), `@postgres/${database}`],
    PROTEA_AMQP_URL: rabbitmqUrl(user),
    // Upstream's default is files of the container; 0.3.0 knows neither.
    PROTEA_STORAGE_BACKEND: "minio",
    PROTEA_MINIO_ENDPOINT: "minio:9000",
    PROTEA_MINIO_ACCESS_KEY: user,
    PROTEA_MINIO_SECRET_KEY: { secret: "protea:minioPassword" },
    PROTEA_MINIO_BUCKET: settings.bucket,
    ...settings.environment,
  };
}

/**
 * What the API gets besides.
 * @param has whether the stack has a secret, by its key
 */
export function apiEnvironment(
  settings: ProteaSettings,
  has: (secret: string) => boolean,
): Record<string, EnvironmentValue> {
  return {
    ...environment(settings),
    ...(has("protea:adminToken") ? { PROTEA_ADMIN_TOKEN: { secret: "protea:adminToken" } } : {}),
    ...(has("protea:jwtSecret") ? { PROTEA_JWT_SECRET: { secret: "protea:jwtSecret" } } : {}),
    // Upstream's default where there is none: the frontend at localhost:3000.
    ...(settings.allowedOrigins.length > 0 ? { PROTEA_ALLOWED_ORIGINS: settings.allowedOrigins.join(",") } : {}),
  };
}
