/** `make db`: what the databases take, their ten largest tables, and how many of the rows are dead. Changes nothing. */
import { run, selected } from "./command.ts";
import { psql, showPsql } from "./database/psql.ts";
import { readStack } from "./stack.ts";

export const done = run([], ({ stack: name, system: only }) => {
  const stack = readStack(name);
  for (const system of selected(stack, { system: only })) {
    console.log(`--- ${system.name}`);
    showPsql(stack.host, system, "sizes");
    console.log(psql(stack.host, system, "sizes").trimEnd());
  }
  return 0;
});
