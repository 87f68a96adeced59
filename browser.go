package main

import (
	"os"
	"os/exec"
	"runtime"
)

// browserCommand is the program that opens url in the browser of the person who sits at this computer, or nil when nobody does:
// no display, or somebody who came in by SSH.
func browserCommand(url, system string, getenv func(string) string, terminal bool) []string {
	if getenv("SSH_CONNECTION") != "" {
		return nil
	}
	switch system {
	case "windows":
		if terminal { // not as a service
			return []string{"rundll32", "url.dll,FileProtocolHandler", url}
		}
	case "darwin":
		if terminal {
			return []string{"open", url}
		}
	default:
		if getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "" {
			return []string{"xdg-open", url}
		}
	}
	return nil
}

// openBrowser opens url on a desktop and tells whether it tried to. It does not wait for the browser.
func openBrowser(url string, terminal bool) (bool, error) {
	args := browserCommand(url, runtime.GOOS, os.Getenv, terminal)
	if args == nil {
		return false, nil
	}
	c := exec.Command(args[0], args[1:]...)
	if err := c.Start(); err != nil {
		return false, err
	}
	go c.Wait() // reaps it; ends with the opener, which is at once in all three systems
	return true, nil
}
