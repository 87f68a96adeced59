package main

import (
	"strings"

	"rsc.io/qr"
)

// quiet is the light margin that a reader needs around a QR code, in modules (ISO/IEC 18004 §5.3.8).
const quiet = 4

// paper and ink make a QR code dark on light whatever the colours of the terminal are: white and black of the 256-colour
// palette, which themes do not redefine.
const (
	ink   = "\x1b[38;5;16;48;5;231m"
	reset = "\x1b[0m"
)

// drawQR draws text as a QR code for a terminal, two modules to a character. Without colour it counts on a dark background: light
// modules are drawn, dark ones left out. It returns "" for a text that is too long for a code.
func drawQR(text string, colour bool) string {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString("  ")
		if colour {
			b.WriteString(ink)
		}
		for x := -quiet; x < code.Size+quiet; x++ {
			upper, lower := code.Black(x, y), code.Black(x, y+1)
			if !colour {
				upper, lower = !upper, !lower && y+1 < code.Size+quiet
			}
			switch {
			case upper && lower:
				b.WriteString("█")
			case upper:
				b.WriteString("▀")
			case lower:
				b.WriteString("▄")
			default:
				b.WriteString(" ")
			}
		}
		if colour {
			b.WriteString(reset)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
