// Package local implements command:local:Command and command:local:run. The middle part of a token is the package's name.
package local

import (
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Process says how a script is run. Pointers tell "not given" from "empty", so that nothing given stays nothing in the state.
type Process struct {
	Stdin                  *string            `pulumi:"stdin,optional"`
	Logging                *Logging           `pulumi:"logging,optional"`
	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	AssetPaths             *[]string          `pulumi:"assetPaths,optional"`
	ArchivePaths           *[]string          `pulumi:"archivePaths,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
}

// Result is what a script left behind.
type Result struct {
	Stdout  string                            `pulumi:"stdout"`
	Stderr  string                            `pulumi:"stderr"`
	Assets  *map[string]*types.AssetOrArchive `pulumi:"assets,optional"`
	Archive *resource.Archive                 `pulumi:"archive,optional"`
}

// Logging names the streams that are shown while the script runs. Outputs are captured whatever it says.
type Logging string

func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{{Value: "stdout"}, {Value: "stderr"}, {Value: "stdoutAndStderr"}, {Value: "none"}}
}

// shows tells whether a stream ("stdout" or "stderr") is to be shown. Both are, unless told otherwise.
func (l *Logging) shows(stream Logging) bool {
	return l == nil || *l == "stdoutAndStderr" || *l == stream
}
