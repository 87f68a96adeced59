package bridge

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"golang.org/x/crypto/argon2"
)

// A secret travels in one of two ways. The page sends what it derived of what a person typed, or made at random: derivedPrefix and 32
// bytes in base64url. Any other password is taken as it is, and derived here in the same way, so that both are the same secret:
//
//	PBKDF2-HMAC-SHA256(secret, salt of the name, rounds, 32 bytes)
//
// The salt is the server's own for each name, and everybody may know it (GET /api/name). So what the page sends is good for one name of
// one server, and nobody reads from it what was typed.
const (
	derivedPrefix = "tincan:"
	roundsBrief   = 1000   // for names that are held for a while; a crowd of devices that connects at once must not cost much
	roundsKept    = 200000 // for names that are kept for good
	keySize       = 32
	saltSize      = 16
)

// Kinds of stored proofs of a secret, told apart by their first byte and length. A proof of an older tincan is a salt and the HMAC of
// salt and password, under the folder's key.
const (
	verifierBrief = 'b' // salt of the name, HMAC of the derived secret
	verifierKept  = 'k' // salt of the name, salt, argon2id of the derived secret
	briefSize     = 1 + saltSize + sha256.Size
	keptSize      = 1 + 2*saltSize + keySize
	oldSize       = saltSize + sha256.Size
)

// Costs of argon2id: it needs 19 MiB and some 50 ms, which is why it goes through slow.
const (
	argonTime   = 2
	argonMemory = 19 << 10 // KiB
)

// secrets makes and checks the stored proofs of secrets, under a key of this data folder.
type secrets struct{ key []byte }

// A derived is a secret as it is used here: what the page sends, or what is made of a password.
type derived [keySize]byte

// read takes a secret that came derived.
func (d *derived) read(secret []byte) bool {
	text, ok := strings.CutPrefix(string(secret), derivedPrefix)
	if !ok {
		return false
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && len(b) == keySize && copy(d[:], b) == keySize
}

// derive makes a secret of what came as a password for a name of this salt. It takes as long as its rounds unless it came derived.
func derive(secret, salt []byte, rounds int) (d derived) {
	if d.read(secret) {
		return d
	}
	b, err := pbkdf2.Key(sha256.New, string(secret), salt, rounds, keySize)
	if err != nil {
		panic(err) // only for a hash that is not approved, in a mode that we do not use
	}
	copy(d[:], b)
	return d
}

// salt is that of a name.
func (s secrets) salt(fold string) []byte { return s.sum("salt", []byte(fold))[:saltSize] }

// Salt is the salt of a name, for the page: see secrets.
func (b *Bridge) Salt(fold string) string { return hex.EncodeToString(b.secrets.salt(fold)) }

// brief is what is stored of the secret of a name that is held for a while: a fast hash, since the page's own secrets are random, and
// a crowd that reconnects at once costs nothing.
func (s secrets) brief(fold string, d derived) []byte {
	v := append([]byte{verifierBrief}, s.salt(fold)...)
	return append(v, s.sum("brief", v, d[:])...)
}

// kept is what is stored of the passphrase of a name for good. It is slow.
func (s secrets) kept(fold string, d derived) []byte {
	v := append([]byte{verifierKept}, s.salt(fold)...)
	own := make([]byte, saltSize)
	rand.Read(own) // never fails
	v = append(v, own...)
	return append(v, argon2.IDKey(d[:], own, argonTime, argonMemory, 1, keySize)...)
}

// isKept tells whether a verifier is one of a name for good, whose check is slow.
func isKept(verifier []byte) bool { return len(verifier) == keptSize && verifier[0] == verifierKept }

// proves tells whether secret is the one that a verifier of a name held for a while was made of. d is the secret as derived for the
// name that was asked for.
func (s secrets) proves(secret []byte, d derived, fold string, verifier []byte) bool {
	switch {
	case len(secret) == 0:
	case len(verifier) == briefSize && verifier[0] == verifierBrief:
		salt := verifier[1 : 1+saltSize]
		if !hmac.Equal(salt, s.salt(fold)) { // another spelling, that looks alike
			d = derive(secret, salt, roundsBrief)
		}
		return hmac.Equal(s.sum("brief", verifier[:1+saltSize], d[:]), verifier[1+saltSize:])
	case len(verifier) == oldSize:
		m := hmac.New(sha256.New, s.key)
		m.Write(verifier[:saltSize])
		m.Write(secret)
		return hmac.Equal(m.Sum(nil), verifier[saltSize:])
	}
	return false
}

// provesKept tells whether secret is that of a name for good, in constant time. It is slow.
func provesKept(secret, verifier []byte) bool {
	d := derive(secret, verifier[1:1+saltSize], roundsKept)
	own := verifier[1+saltSize : 1+2*saltSize]
	return subtle.ConstantTimeCompare(argon2.IDKey(d[:], own, argonTime, argonMemory, 1, keySize), verifier[1+2*saltSize:]) == 1
}

// ident is who somebody is that has a name and knows its secret, now and when it comes back long after the name's hold was over.
func (s secrets) ident(fold string, d derived) string {
	return "k" + hex.EncodeToString(s.sum("ident", []byte(fold), d[:])[:saltSize])
}

// owner says who the MQTT session of a name belongs to: whoever sends this password.
func (s secrets) owner(fold string, secret []byte) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte("session\x00" + fold + "\x00"))
	m.Write(secret)
	return "k" + hex.EncodeToString(m.Sum(nil)[:saltSize])
}

// sum is the HMAC of parts under the folder's key, for one use.
func (s secrets) sum(use string, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte("2 " + use)) // older uses begin with a random salt, or with another word
	for _, p := range parts {
		m.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		m.Write(p)
	}
	return m.Sum(nil)
}
