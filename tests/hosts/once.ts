import { fill, rootfs } from "./images.ts";

/** Once, before the files of tests here run side by side: what the lab's machines are made of, and what they pull. */
export default async function once(): Promise<void> {
  rootfs();
  await fill();
}
