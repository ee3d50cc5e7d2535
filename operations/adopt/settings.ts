/** Settings that are written into a stack file, whose layout and comments stay as they are. Pure. */
import { isMap, parseDocument, type YAMLMap } from "yaml";
import { withPair, withText } from "../stack-file.ts";

export interface Setting {
  /** Below `config`: `protea:volumes`, `rabbitmq_data`, `external`. */
  path: string[];
  /** As it stands in YAML. */
  value: string;
}

/** As a stack file's reader says it: `protea:volumes.rabbitmq_data.external: true`. */
export const shownSetting = ({ path, value }: Setting): string => `${path.join(".")}: ${value}`;

/** Text that YAML might take for something else than text. */
const scalar = (value: string) => (/^[A-Za-z][\w.-]*$/.test(value) ? value : JSON.stringify(value));

/** The text with a setting in it. */
export function withSetting(text: string, { path, value }: Setting): string {
  const document = parseDocument(text);
  const written = value === "true" ? value : scalar(value);
  let map = document.get("config") as YAMLMap;
  for (const [index, key] of path.entries()) {
    const pair = map.items.find((item) => String(item.key) === key);
    if (!pair) {
      const rest = path.slice(index + 1);
      const inner = rest.reduceRight((below, name) => `{ ${name}: ${below} }`, written);
      return withPair(text, map, `${key}: ${inner}`);
    }
    if (index === path.length - 1) return withText(text, pair.value, written);
    if (!isMap(pair.value)) throw new Error(`${path.slice(0, index + 1).join(".")} is no map in the stack file`);
    map = pair.value;
  }
  return text;
}

export const withAll = (text: string, settings: Setting[]): string => settings.reduce(withSetting, text);
