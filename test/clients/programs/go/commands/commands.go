// Package commands serves the runner's commands: it reads JSON lines from standard input, and prints one JSON line for each.
package commands

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
)

// Callback is the redirect address. No server listens there: the runner stops at it.
const Callback = "http://127.0.0.1:9/callback"

var (
	URL = os.Getenv("MCP_URL")
	// Token is an access token; empty when the server requires none.
	Token = os.Getenv("MCP_TOKEN")
	input = bufio.NewReader(os.Stdin)
)

// Command is one line of the runner.
type Command struct {
	Do        string         `json:"do"`
	Name      string         `json:"name"`
	Arguments map[string]any `json:"arguments"`
	URI       string         `json:"uri"`
}

// Outcome is one line for the runner.
type Outcome map[string]any

// Client does what the commands ask for.
type Client map[string]func(Command) (Outcome, error)

// Serve answers commands until standard input ends.
func Serve(module string, client Client, protocol string, signIn string) {
	ready := Outcome{"version": version(module), "protocol": protocol}
	if Token != "" {
		ready["sign_in"] = signIn
	}
	write(ready)
	for {
		line, err := input.ReadBytes('\n')
		if err == io.EOF {
			return
		}
		var command Command
		Must(json.Unmarshal(line, &command))
		do, ok := client[command.Do]
		if !ok {
			write(Outcome{"unsupported": "not in its API"})
			continue
		}
		outcome, err := do(command)
		if err != nil {
			outcome = Outcome{"error": err.Error()}
		}
		write(outcome)
	}
}

// Must prints a failure to connect as the program's outcome, and ends the program.
func Must(err error) {
	if err == nil {
		return
	}
	write(Outcome{"error": err.Error()})
	os.Exit(0)
}

// OpenPage asks the runner to open the sign-in page, as a browser does. It returns what the callback receives.
func OpenPage(address string) (url.Values, error) {
	write(Outcome{"open": address})
	line, err := input.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	var answer struct{ Callback string }
	if err := json.Unmarshal(line, &answer); err != nil {
		return nil, err
	}
	callback, err := url.Parse(answer.Callback)
	if err != nil {
		return nil, err
	}
	return callback.Query(), nil
}

func version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return strings.TrimPrefix(dependency.Version, "v")
		}
	}
	return ""
}

func write(outcome Outcome) {
	line, err := json.Marshal(outcome)
	if err != nil {
		line, _ = json.Marshal(Outcome{"error": err.Error()})
	}
	fmt.Println(string(line))
}
