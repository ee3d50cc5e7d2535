/** What the parts of the benchmark are told. */
export interface Options {
  rounds: number;
  /** Numbers of containers. */
  sizes: number[];
}
