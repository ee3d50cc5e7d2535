/** Waits until `probe` holds. @param found what is to be told where it never does */
export async function until(
  what: string,
  seconds: number,
  probe: () => Promise<boolean> | boolean,
  found = () => "",
): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    if (await probe()) return;
    if (Date.now() > end) throw new Error([`not within ${seconds} s: ${what}`, found()].filter(Boolean).join("; "));
    await new Promise((done) => setTimeout(done, 250));
  }
}

/**
 * A JSON request; the body is undefined when the answer has none. Each on a connection of its own, as curl's are: a
 * server may close an idle one (gunicorn after 2 s) at the very moment the next request is written to it.
 */
export async function request(url: string, method = "GET", body?: unknown): Promise<{ code: number; body: never }> {
  const answer = await fetch(url, {
    method,
    headers: { connection: "close", ...(body === undefined ? {} : { "content-type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await answer.text();
  return { code: answer.status, body: (text ? JSON.parse(text) : undefined) as never };
}
