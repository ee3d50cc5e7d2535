package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	provider "github.com/pulumi/pulumi-go-provider"
)

// execute runs a script and puts what it printed, and the files asked for, into result. A failing script leaves result as it was.
func execute(ctx context.Context, script string, how Process, result *Result) error {
	command := []string{"/bin/sh", "-c"}
	if how.Interpreter != nil && len(*how.Interpreter) > 0 {
		command = *how.Interpreter
	}
	process := exec.CommandContext(ctx, command[0], append(command[1:len(command):len(command)], script)...)
	process.Env = environment(how, result)
	if how.Dir != nil {
		process.Dir = *how.Dir
	}
	if how.Stdin != nil && *how.Stdin != "" {
		process.Stdin = strings.NewReader(*how.Stdin)
	}
	// A group of its own, killed as one: what a script started would otherwise outlive a cancelled deployment,
	// and hold the pipes that Wait reads from.
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process.Cancel = func() error { return syscall.Kill(-process.Process.Pid, syscall.SIGKILL) }

	var stdout, stderr bytes.Buffer
	both := &lockedBuffer{} // in the order printed, for the error message
	log := &lineLogger{show: func(line string) { provider.GetLogger(ctx).InfoStatus(line) }}
	process.Stdout = tee(&stdout, both, log, how.Logging.shows("stdout"))
	process.Stderr = tee(&stderr, both, log, how.Logging.shows("stderr"))
	err := findDir(process.Dir)
	if err == nil {
		err = process.Run()
	}
	log.flush()
	if err != nil {
		return fmt.Errorf("%w: running %q:\n%s", err, script, both.buffer.String())
	}
	if err := collect(process.Dir, how, result); err != nil {
		return err
	}
	result.Stdout = strings.TrimSuffix(stdout.String(), "\n")
	result.Stderr = strings.TrimSuffix(stderr.String(), "\n")
	return nil
}

// findDir says that a directory is missing. Go does so itself, but not for a process with attributes of its own: there a missing
// directory reads as a missing shell.
func findDir(dir string) error {
	if dir == "" {
		return nil
	}
	_, err := os.Stat(dir)
	var path *fs.PathError
	if errors.As(err, &path) {
		path.Op = "chdir"
	}
	return err
}

// environment is the plug-in's own, then the one given, then what the previous run printed unless that is switched off.
func environment(how Process, previous *Result) []string {
	env := os.Environ()
	if how.Environment != nil {
		for name, value := range *how.Environment {
			env = append(env, name+"="+value)
		}
	}
	if how.AddPreviousOutputInEnv == nil || *how.AddPreviousOutputInEnv {
		if previous.Stdout != "" {
			env = append(env, "PULUMI_COMMAND_STDOUT="+previous.Stdout)
		}
		if previous.Stderr != "" {
			env = append(env, "PULUMI_COMMAND_STDERR="+previous.Stderr)
		}
	}
	return env
}

func tee(own, both, log io.Writer, logged bool) io.Writer {
	if logged {
		return io.MultiWriter(own, both, log)
	}
	return io.MultiWriter(own, both)
}

// lockedBuffer takes both streams, each copied by a goroutine of its own.
type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}
