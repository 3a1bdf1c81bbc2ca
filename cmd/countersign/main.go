// Countersign turns an inbox into a signed letter: it reads the mail that
// organizations write to sign, asks each of them whether that is right, lets
// organizers review, and publishes the list.
//
// This package is the binary: one file a subcommand, and the only place that knows
// every other package. A command fails with one message for the person who ran it,
// lower case and with what to do, and exit status 1; wrong usage is status 2.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	_ "time/tzdata" // campaigns have zones; a small container has none

	"github.com/alecthomas/kong"
)

// world is everything outside that a command may touch.
type world struct {
	Args    []string // without the program's name
	Environ []string // KEY=value
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	Faults  func(point string)  // called at named points of the work, for tests that kill us there; nil in production
	Ready   func(listen string) // serve: called once when it listens; nil: nobody asks
}

// globals are the flags that every command knows.
type globals struct {
	Config string `short:"c" env:"COUNTERSIGN_CONFIG" placeholder:"FILE" help:"The configuration (countersign.toml)."`
}

// path is the configuration's file, said or usual.
func (g *globals) path() string { return first(g.Config, "countersign.toml") }

// cli is the command line.
type cli struct {
	globals

	Init      initCmd      `cmd:"" help:"Write a configuration."`
	Check     checkCmd     `cmd:"" help:"Try everything that serve needs, and say what to do about what does not work."`
	Serve     serveCmd     `cmd:"" help:"Run the service."`
	Migrate   migrateCmd   `cmd:"" help:"Bring the database to this program's schema, or say where it stands."`
	Campaign  campaignCmd  `cmd:"" help:"Make and run campaigns."`
	Organizer organizerCmd `cmd:"" help:"Say who reviews."`
	Read      readCmd      `cmd:"" help:"Show what the program makes of a mail, without acting on it."`
	Demo      demoCmd      `cmd:"" help:"Run everything on this machine with a post office of its own, to try it out."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

func main() {
	// Mail is read in many short-lived pieces over a small heap: collecting less often
	// costs a few megabytes and saves a third of the time. The limit keeps a whole backlog below 100 MB.
	debug.SetGCPercent(400)
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(60 << 20)
	}
	w := &world{Args: os.Args[1:], Environ: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	if err := run(context.Background(), w); err != nil {
		fmt.Fprintln(w.Err, "countersign:", err)
		os.Exit(exitCode(err))
	}
}

// exitCode is 2 for wrong usage, else 1.
func exitCode(err error) int {
	if _, ok := errors.AsType[*kong.ParseError](err); ok {
		return 2
	}
	return 1
}

// run carries out one command. It returns when the command has ended, and never exits the process.
func run(ctx context.Context, w *world) error {
	var c cli
	parser, err := kong.New(&c, kong.Name("countersign"), kong.Writers(w.Out, w.Err),
		kong.Description("Turns an inbox into a signed letter."),
		kong.Exit(func(int) { panic(helpShown{}) }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(w, &c.globals))
	if err != nil {
		return err
	}
	command, err := parse(parser, w.Args)
	if err != nil || command == nil {
		return err
	}
	return command.Run()
}

// helpShown ends the parser where it would end the process: after --help.
type helpShown struct{}

// parse returns nil and no error where help was asked for and shown.
func parse(parser *kong.Kong, args []string) (command *kong.Context, err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(helpShown); !ok {
				panic(r)
			}
			command, err = nil, nil
		}
	}()
	return parser.Parse(args)
}
