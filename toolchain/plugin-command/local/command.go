package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command runs one script when it is created, one when an input changes and one when it is deleted.
// Check, diff, secrets and unknowns are the framework's defaults, as in the official plug-in: any changed input is an
// update, a changed trigger a replacement, and every output depends on every input.
type Command struct{}

type CommandInputs struct {
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`
	Triggers *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Process
}

type CommandState struct {
	CommandInputs
	Result
}

func (Command) Create(ctx context.Context, req infer.CreateRequest[CommandInputs]) (infer.CreateResponse[CommandState], error) {
	state := CommandState{CommandInputs: req.Inputs}
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err == nil && !req.DryRun {
		err = state.run(ctx, req.Inputs.Create)
	}
	return infer.CreateResponse[CommandState]{ID: id, Output: state}, err
}

// Update runs create when there is no update script: that is the official behaviour, and why every Command of this
// project has one.
func (Command) Update(ctx context.Context, req infer.UpdateRequest[CommandInputs, CommandState]) (infer.UpdateResponse[CommandState], error) {
	state := CommandState{CommandInputs: req.Inputs, Result: req.State.Result}
	script := req.Inputs.Update
	if script == nil {
		script = req.Inputs.Create
	}
	var err error
	if !req.DryRun {
		err = state.run(ctx, script)
	}
	return infer.UpdateResponse[CommandState]{Output: state}, err
}

func (Command) Delete(ctx context.Context, req infer.DeleteRequest[CommandState]) (infer.DeleteResponse, error) {
	return infer.DeleteResponse{}, req.State.run(ctx, req.State.Delete)
}

// run replaces the result by that of a script; no script leaves it as it is.
func (s *CommandState) run(ctx context.Context, script *string) error {
	if script == nil {
		return nil
	}
	return execute(ctx, *script, s.Process, &s.Result)
}
