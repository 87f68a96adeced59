package bridge

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
)

const (
	saltSize = 16
	keySize  = 32
)

// secrets makes and checks the stored proof of a secret: a salt, and the HMAC of salt and secret under a key of this data folder.
// Names that are claimed for a while hold for minutes, and the page's secrets are random: a fast hash is enough, and a crowd that
// reconnects at once costs nothing.
type secrets struct{ key []byte }

// verifier is what is stored of a secret; nil for no secret.
func (s secrets) verifier(secret []byte) []byte {
	if len(secret) == 0 {
		return nil
	}
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails
	return append(salt, s.sum(salt, secret)...)
}

// proves tells whether secret is the one that verifier was made of, in constant time.
func (s secrets) proves(secret, verifier []byte) bool {
	if len(secret) == 0 || len(verifier) != saltSize+sha256.Size {
		return false
	}
	return subtle.ConstantTimeCompare(s.sum(verifier[:saltSize], secret), verifier[saltSize:]) == 1
}

// owner is the ident of whoever has a name and knows this secret, now and when it comes back long after the name's hold was over.
func (s secrets) owner(fold string, secret []byte) string {
	return "k" + hex.EncodeToString(s.sum([]byte("session\x00"+fold+"\x00"), secret)[:saltSize])
}

func (s secrets) sum(salt, secret []byte) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write(salt)
	m.Write(secret)
	return m.Sum(nil)
}
