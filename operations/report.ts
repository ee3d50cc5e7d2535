/** `make report`: the last week of a stack that is watched, for a terminal or a weekly mail. Changes nothing. */
import { quote } from "../hosts/connection.ts";
import { together } from "../hosts/together.ts";
import { run } from "./command.ts";
import { samples } from "./prometheus/answers.ts";
import { prometheusOf } from "./prometheus/service.ts";
import { QUESTIONS, reportText, type Answers } from "./report/text.ts";
import { readStack } from "./stack.ts";

export const done = run([], ({ stack: name }) => {
  const stack = readStack(name);
  const { container } = prometheusOf(stack);
  const questions = Object.entries(QUESTIONS);
  const lines = questions.map(([, question]) => {
    const url = `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(question)}`;
    return ["docker", "exec", container, "wget", "-q", "-O", "-", url].map(quote).join(" ");
  });
  const answers = together(stack.host, lines).map(({ code, stdout, stderr }, index) => {
    if (code === 0) return [questions[index]![0], samples(stdout)] as const;
    throw new Error(`${container} does not answer: ${stderr.trim()}\nmake why STACK=${name} SYSTEM=monitoring`);
  });
  console.log(reportText(name, Object.fromEntries(answers) as Answers, Date.now() / 1_000));
  return 0;
});
