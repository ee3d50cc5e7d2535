/** Dead letters as text for a person. Pure. */

/** A dead letter as letters.py prints it. */
export interface Letter {
  /** Hexadecimal digits that stand for this message, to recognise it by. */
  id: string;
  /** The queue in which it died. */
  queue: string | null;
  /** RabbitMQ's word for why: rejected, expired, maxlen, delivery_limit. */
  reason: string | null;
  /** How often it died there. */
  times: number | null;
  died: string | null;
  contentType: string | null;
  /** The message's own headers. */
  headers: Record<string, unknown>;
  /** Length of the whole body. */
  bytes: number;
  /** The body's first bytes, in base64. */
  begin: string;
}

/** Bytes of a body that is no text, as hexadecimal digits. */
const HEX_BYTES = 64;

/** A body's first bytes: as text where they are text, with what a terminal would act on escaped, else in hexadecimal. */
export function bodyText(begin: Buffer, bytes: number): string {
  const more = (shown: number) => (shown < bytes ? ` … (${bytes} bytes)` : "");
  // A character that the cut went through does not make a text binary.
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(begin, { stream: begin.length < bytes });
  const binary = text.includes("\uFFFD") || text.includes("\0");
  if (binary) return `hex ${begin.subarray(0, HEX_BYTES).toString("hex")}${more(Math.min(begin.length, HEX_BYTES))}`;
  // Control characters, and those that turn the direction of writing.
  const escaped = text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => {
    const quoted = JSON.stringify(character).slice(1, -1);
    return quoted === character ? `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}` : quoted;
  });
  return `${escaped}${more(begin.length)}`;
}

/** One letter, its number first. */
export function letterText(letter: Letter, position: number): string {
  const times = (letter.times ?? 1) > 1 ? `, ${letter.times} times` : "";
  const when = letter.died ? `, ${letter.died} UTC` : "";
  const from = letter.queue ? `from ${letter.queue}` : "from no queue that it names";
  const headers = Object.entries(letter.headers).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const about = [...(letter.contentType ? [letter.contentType] : []), ...headers];
  return [
    `${position}. ${from}: ${letter.reason ?? "no reason given"}${times}${when}`,
    ...(about.length > 0 ? [`   ${bodyText(Buffer.from(about.join(", ")), 0)}`] : []),
    `   ${bodyText(Buffer.from(letter.begin, "base64"), letter.bytes)}`,
  ].join("\n");
}
