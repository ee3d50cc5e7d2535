/** HTML that nothing from outside gets into: whatever is put into it is escaped. Pure. */

/** A piece of HTML, as it stands. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | undefined | Part[];

const ESCAPED: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function text(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(text).join("");
  return String(part).replace(/[&<>"']/g, (character) => ESCAPED[character]!);
}

/** A template: what stands between its parts is HTML, and a part is text unless it is a piece of HTML itself. */
export const html = (strings: TemplateStringsArray, ...parts: Part[]): Html =>
  new Html(strings.reduce((page, string, index) => page + text(parts[index - 1]) + string));

/** Data for a page's own program. */
export const json = (value: unknown): Html =>
  new Html(`<script type="application/json">${JSON.stringify(value).replaceAll("<", "\\u003c")}</script>`);
