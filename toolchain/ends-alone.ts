// Loaded before the program (Pulumi.yaml, nodeargs). Where Pulumi's engine was killed, nobody reads what the program writes. Node calls that an
// error which nobody caught, Pulumi's SDK writes each of those to standard error, and so on for ever: 3 GB after two minutes.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(1));
