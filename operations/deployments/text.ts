/** A stack file's text as it is kept, without its secrets; and with those of now again. Pure. */
import { isMap, isScalar, parseDocument, type Pair } from "yaml";
import { withText } from "../stack-file.ts";

/** The lines of a pair of the stack file. */
interface Block {
  key: string;
  from: number;
  to: number;
  /** The encrypted value's node. */
  secure?: unknown;
}

/** The pairs below `config:`, those beside it, and where those below it begin and end. */
function blocks(text: string) {
  const { contents } = parseDocument(text);
  const block = ({ key, value }: Pair): Block => {
    const range = (node: unknown) => (node as { range: [number, number, number] }).range;
    const end = range(value ?? key)[1];
    const next = text.indexOf("\n", end);
    return {
      key: String(isScalar(key) ? key.value : key),
      from: text.lastIndexOf("\n", range(key)[0]) + 1,
      // A map in lines of its own ends after the last of them.
      to: text[end - 1] === "\n" ? end : next < 0 ? text.length : next + 1,
      secure: isMap(value) ? value.get("secure", true) : undefined,
    };
  };
  const top = isMap(contents) ? contents.items : [];
  const config = top.find(({ key }) => isScalar(key) && key.value === "config");
  const below = isMap(config?.value) ? config.value.items.map(block) : [];
  return { below, beside: top.filter((pair) => pair !== config).map(block) };
}

/** The last change first, so that the places of those before it stay right. */
const changed = (text: string, changes: { from: number; to: number; text: string }[]) =>
  [...changes]
    .sort((a, b) => b.from - a.from)
    .reduce((rest, change) => rest.slice(0, change.from) + change.text + rest.slice(change.to), text);

/** Without what is encrypted, and without what Pulumi keeps beside the configuration: the salt. */
export function withoutSecrets(text: string): string {
  const emptied = [...blocks(text).below]
    .reverse()
    .reduce((rest, { secure }) => (secure ? withText(rest, secure, '""') : rest), text);
  return changed(
    emptied,
    blocks(emptied).beside.map((one) => ({ ...one, text: "" })),
  );
}

const indentOf = (text: string, { from }: Block) => /^ */.exec(text.slice(from))![0];

/**
 * A text that was kept, with what is another's: the secrets and the salt, and the settings of the host, which say how it is reached and
 * where its backups are. All else of the text stays as it was.
 */
export function withSecretsOf(kept: string, other: string): string {
  const text = kept.endsWith("\n") ? kept : `${kept}\n`;
  const [old, now] = [blocks(text), blocks(other)];
  const indent = old.below[0] ? indentOf(text, old.below[0]) : "  ";
  const own = ({ key, secure }: Block) => secure !== undefined || key.startsWith("host:");
  const news = new Map(
    now.below.filter(own).map((one) => {
      const lines = other.slice(one.from, one.to).replace(/\n?$/, "\n");
      return [one.key, lines.replaceAll(new RegExp(`^${indentOf(other, one)}`, "gm"), indent)] as const;
    }),
  );
  const there = new Set(old.below.map(({ key }) => key));
  const added = [...news].filter(([key]) => !there.has(key)).map(([, lines]) => lines);
  const end = old.below.at(-1)?.to ?? text.length;
  const beside = (first: boolean) =>
    now.beside
      .filter(({ from }) => from < (now.below[0]?.from ?? other.length) === first)
      .map(({ from, to }) => other.slice(from, to).replace(/\n?$/, "\n"))
      .join("");
  const body = changed(text, [
    ...old.below
      .filter((one) => own(one) || news.has(one.key))
      .map((one) => ({ ...one, text: news.get(one.key) ?? "" })),
    { from: end, to: end, text: added.join("") },
    ...old.beside.map((one) => ({ ...one, text: "" })),
  ]);
  return beside(true) + body + beside(false);
}
