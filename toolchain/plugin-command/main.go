// pulumi-resource-command, the part of it that this project uses: local.Command and local.run.
// The remote resources are left out on purpose: they do not verify host keys.
package main

import (
	"context"
	"fmt"
	"os"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"robotoff-protea/toolchain/plugin-command/local"
)

// version is set by the build to the version of @pulumi/command in package.json.
var version = "0.0.0"

func main() {
	command := infer.Provider(infer.Options{
		Resources: []infer.InferredResource{infer.Resource(local.Command{})},
		Functions: []infer.InferredFunction{infer.Function(local.Run{})},
	})
	if err := provider.RunProvider(context.Background(), "command", version, command); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
