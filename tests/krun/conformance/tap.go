// Package tap stands in for the small TAP library that the validation suite is written against and Debian does not
// have: the same names, printing the Test Anything Protocol (version 13) to stdout.
package tap

import (
	"encoding/json"
	"fmt"
	"strings"
)

type counter struct{ tests int }

// T is a run of tests. Those made through Todo() are expected to fail.
type T struct {
	counter *counter
	todo    bool
}

// New returns a run without tests.
func New() *T { return &T{counter: &counter{}} }

// Todo returns the same run for a test that is known to fail.
func (t *T) Todo() *T { return &T{counter: t.counter, todo: true} }

// Header begins the output; a count of 0 leaves the plan to AutoPlan.
func (t *T) Header(count int) {
	fmt.Println("TAP version 13")
	if count > 0 {
		fmt.Printf("1..%d\n", count)
	}
}

// Ok prints one test's line.
func (t *T) Ok(passed bool, description string) {
	t.counter.tests++
	line := "ok"
	if !passed {
		line = "not ok"
	}
	line = fmt.Sprintf("%s %d - %s", line, t.counter.tests, description)
	if t.todo {
		line += " # TODO"
	}
	fmt.Println(line)
}

// Pass is Ok(true).
func (t *T) Pass(description string) { t.Ok(true, description) }

// Fail is Ok(false).
func (t *T) Fail(description string) { t.Ok(false, description) }

// Skip prints count tests as skipped.
func (t *T) Skip(count int, description string) {
	for i := 0; i < count; i++ {
		t.counter.tests++
		fmt.Printf("ok %d # SKIP %s\n", t.counter.tests, description)
	}
}

// AutoPlan prints the plan behind the tests.
func (t *T) AutoPlan() { fmt.Printf("1..%d\n", t.counter.tests) }

// Diagnostic prints a message as comments.
func (t *T) Diagnostic(message string) {
	for _, line := range strings.Split(strings.TrimRight(message, "\n"), "\n") {
		fmt.Println("#", line)
	}
}

// Diagnosticf is Diagnostic with a format.
func (t *T) Diagnosticf(format string, values ...interface{}) { t.Diagnostic(fmt.Sprintf(format, values...)) }

// YAML prints a value below the last test. JSON is YAML.
func (t *T) YAML(value interface{}) error {
	text, err := json.MarshalIndent(value, "  ", "  ")
	if err != nil {
		return err
	}
	fmt.Printf("  ---\n  %s\n  ...\n", text)
	return nil
}
