package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// Run is a function: it runs its script at every preview and every deployment.
type Run struct{}

type RunInputs struct {
	Process
	Command string `pulumi:"command"`
}

type RunOutputs struct {
	RunInputs
	Result
}

func (Run) Invoke(ctx context.Context, req infer.FunctionRequest[RunInputs]) (infer.FunctionResponse[RunOutputs], error) {
	out := RunOutputs{RunInputs: req.Input}
	err := execute(ctx, req.Input.Command, req.Input.Process, &out.Result)
	return infer.FunctionResponse[RunOutputs]{Output: out}, err
}
