package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// paintsTerminal makes the console obey colour sequences and tells whether it does.
func paintsTerminal(f *os.File) bool {
	console := windows.Handle(f.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
