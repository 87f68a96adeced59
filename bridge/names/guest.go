package names

import "crypto/rand"

// guestLetters are the letters of a guest's name: none looks or sounds like another in a hurry, and without vowels they make no
// words. 15⁴ are 50,625 names.
const guestLetters = "bcdfghkprstvxyz"

// Guest makes a name for someone who brought none: guest- and four random letters. It may be taken: then ask again.
func Guest() Name { return derive("guest-" + randomLetters(4)) }

// randomLetters makes n letters, each equally likely: of the values of a byte 255 = 17 × 15 are used.
func randomLetters(n int) string {
	const fair = 256 - 256%len(guestLetters)
	b := make([]byte, n)
	for i := range b {
		for {
			rand.Read(b[i : i+1]) // never fails: it ends the process first
			if int(b[i]) < fair {
				break
			}
		}
		b[i] = guestLetters[int(b[i])%len(guestLetters)]
	}
	return string(b)
}
